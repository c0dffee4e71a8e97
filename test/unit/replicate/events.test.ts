import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import { readEvents } from '../../../lib/replicate/events/read.ts';
import { fixture } from './fixtures.ts';

const only = (input: unknown) => {
  const { events, dropped } = readEvents(input);
  expect(events).toHaveLength(1);
  expect(dropped).toEqual({ part: 0, test: 0, other: 0 });
  return events[0];
};

const s3Put = {
  kind: 'created',
  scheme: 's3',
  region: 'us-west-2',
  bucket: 'photos',
  key: 'in/red flower+1% ü//.jpg',
  size: 1024,
  etag: 'd41d8cd98f00b204e9800998ecf8427e',
  versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
  sequencer: '0055AED6DCD90281E5',
  at: Date.UTC(2026, 0, 15, 10, 0, 0, 123),
  source: 'aws:s3',
  id: 'C3D13FE58DE4C810/0055AED6DCD90281E5',
};

describe('S3', () => {
  test('a notification, straight', () => {
    expect(only(fixture('s3-put'))).toEqual(s3Put);
  });

  test.each(['sqs-s3', 'sns-notification'])('a notification inside %s', (name) => {
    expect(only(fixture(name))).toEqual(s3Put);
  });

  test('SNS inside SQS, SNS by HTTP, and EventBridge inside SQS', () => {
    const message = { Type: 'Notification', TopicArn: 'arn:aws:sns:x', Message: JSON.stringify(fixture('s3-put')) };
    const inQueue = (body: unknown) => ({
      Records: [{ eventSource: 'aws:sqs', messageId: '1', body: JSON.stringify(body) }],
    });
    expect(only(message)).toEqual(s3Put);
    expect(only(inQueue(message))).toEqual(s3Put);
    expect(only(inQueue(fixture('eventbridge-created')))).toMatchObject({
      source: 'aws:eventbridge',
      bucket: 'photos',
    });
  });

  test('bytes and text are read as well', () => {
    const text = JSON.stringify(fixture('s3-put'));
    expect(only(text)).toEqual(s3Put);
    expect(only(Buffer.from(text))).toEqual(s3Put);
    expect(only(new Uint8Array(Buffer.from(text)))).toEqual(s3Put);
  });

  test('distinguishes a delete marker from a delete', () => {
    expect(only(fixture('s3-delete-marker'))).toMatchObject({ kind: 'removed', marker: true, key: 'in/a.jpg' });
  });

  test('the ping of a new notification is ignored quietly', () => {
    expect(readEvents(fixture('s3-test'))).toEqual({ events: [], dropped: { part: 0, test: 1, other: 0 } });
  });

  test('EventBridge keys are raw', () => {
    expect(only(fixture('eventbridge-created'))).toMatchObject({
      kind: 'created',
      key: 'in/red flower+1.jpg',
      size: 5,
      etag: 'b1946ac92492d2347c6235b4d2611184',
      versionId: 'IYV3p45BT0ac8hjHg1houSdS1a.Mro8e',
    });
    expect(only(fixture('eventbridge-deleted'))).toMatchObject({ kind: 'removed', marker: true, key: 'in/a.jpg' });
  });
});

describe('stores that send the records of S3', () => {
  test('MinIO encodes keys like forms', () => {
    expect(only(fixture('minio-put'))).toMatchObject({
      source: 'minio:s3',
      key: 'in/a b+c.jpg',
      size: 7,
      region: undefined,
    });
  });

  test('Ceph RGW sends keys as they are, and sizes as text', () => {
    const event = only(fixture('ceph-put'));
    expect(event).toMatchObject({ source: 'ceph:s3', key: 'in/100%25 a+b.jpg', size: 1024, versionId: undefined });
    expect(event).not.toHaveProperty('alternativeKey');
  });

  test('what Ceph RGW 20.2 really sends', () => {
    // Recorded: two uploads, a copy, a multipart upload, an aborted one, a delete; then with versions: an upload, its delete,
    // and the delete of the marker.
    const { events, dropped } = readEvents(fixture('ceph-recorded'));
    expect(events.map(({ kind, key, size, marker }) => [kind, key, size, marker ?? false])).toEqual([
      ['created', 'plain', 1, false],
      ['created', 'a b+c%20d/ü?#"é日本', 1, false],
      ['created', 'copy', 1, false],
      ['created', 'mp', 4, false],
      ['removed', 'plain', 1, false],
      ['created', 'v', 1, false],
      ['removed', 'v', 1, true],
      ['removed', 'v', 0, false],
    ]);
    expect(events.map(({ versionId }) => versionId !== undefined)).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
      true,
      true,
    ]);
    expect(dropped).toEqual({ part: 0, test: 0, other: 0 });
  });

  test.each([
    ['s3:ObjectCreated:CompleteMultipartUpload', 'created'],
    ['ObjectSynced:Create', 'created'],
    ['s3:ObjectRemoved:Delete', 'removed'],
    ['ObjectLifecycle:Expiration:Current', 'removed'],
    ['LifecycleExpiration:Delete', 'removed'],
    ['s3:ObjectRestore:Completed', 'created'],
  ])('%s is %s', (eventName, kind) => {
    const record = { eventSource: 'ceph:s3', eventName, s3: { bucket: { name: 'b' }, object: { key: 'k' } } };
    expect(only({ Records: [record] })).toMatchObject({ kind, key: 'k', at: 0 });
  });

  test.each([
    ['ObjectTagging:Put', 'tags'],
    ['s3:ObjectTagging:Delete', 'tags'],
    ['ObjectAcl:Put', 'acl'],
    ['LifecycleTransition', 'class'],
    ['IntelligentTiering', 'class'],
    ['ObjectLifecycle:Transition:Current', 'class'],
    ['ObjectAnnotation:Put', 'annotations'],
  ])('%s changes the %s', (eventName, change) => {
    const record = { eventSource: 'aws:s3', eventName, s3: { bucket: { name: 'b' }, object: { key: 'k' } } };
    expect(only({ Records: [record] })).toMatchObject({ kind: 'changed', change, key: 'k' });
  });

  test('a sender that is not known writes keys like S3, or as they are', () => {
    const record = (key: string) => ({
      eventSource: 'scw:s3',
      eventName: 's3:ObjectCreated:Put',
      s3: { bucket: { name: 'b' }, object: { key } },
    });
    expect(only({ Records: [record('a+b%2Bc')] })).toMatchObject({ key: 'a b+c', alternativeKey: 'a+b%2Bc' });
    expect(only({ Records: [record('plain')] })).not.toHaveProperty('alternativeKey');
  });

  test.each(['s3:ObjectAccessed:Get', 'Replication:OperationMissedThreshold'])(
    '%s is none of our business',
    (eventName) => {
      const record = { eventSource: 'aws:s3', eventName, s3: { bucket: { name: 'b' }, object: { key: 'k' } } };
      expect(readEvents({ Records: [record] })).toEqual({ events: [], dropped: { part: 0, test: 0, other: 1 } });
    },
  );
});

describe('OSS', () => {
  test('a trigger event: the key raw first, decoded once as the alternative', () => {
    expect(only(fixture('oss-trigger'))).toEqual({
      kind: 'created',
      scheme: 'oss',
      region: 'cn-hangzhou',
      bucket: 'photos',
      key: 'in/100%25+a.jpg',
      alternativeKey: 'in/100%+a.jpg',
      size: 122539,
      etag: '688A7BF4F233DC9C88A80BF985AB7329',
      at: Date.UTC(2026, 0, 15, 10),
      source: 'acs:oss',
      id: '58F9FF2D3DF792092E12044C',
    });
  });

  test('a % that starts no sequence has no other reading', () => {
    const event = structuredClone(fixture('oss-trigger')) as { events: { oss: { object: { key: string } } }[] };
    event.events[0]!.oss.object.key = 'in/100%';
    expect(only(event)).not.toHaveProperty('alternativeKey');
  });

  test('steps of a multipart upload are dropped and counted', () => {
    const { events, dropped } = readEvents(fixture('oss-multipart-steps'));
    expect(events).toMatchObject([{ kind: 'created', key: 'big', size: 12582912 }]);
    expect(dropped).toEqual({ part: 4, test: 0, other: 1 });
  });

  test('CloudEvents, single and batched, also as texts and as bytes', () => {
    const single = fixture('oss-cloudevent');
    const expected = {
      kind: 'removed',
      scheme: 'oss',
      key: 'in/a.jpg',
      source: 'acs:eventbridge',
      id: '45ef4dewdwe1-7c35-447a-bd93-fab****',
      at: Date.UTC(2026, 0, 15, 9, 59, 59, 500),
    };
    expect(only(single)).toMatchObject(expected);
    expect(readEvents(Buffer.from(JSON.stringify([single, single]))).events).toMatchObject([expected, expected]);
    expect(readEvents([JSON.stringify(single)]).events).toMatchObject([expected]);
  });
});

describe('what no vendor sends', () => {
  test.each([
    ['not JSON', 'hello'],
    ['a number', '42'],
    ['an empty object', {}],
    ['no records', { Records: [] }],
    ['an empty batch', []],
    ['null', null],
    ['another service', { Records: [{ eventSource: 'aws:dynamodb', dynamodb: {} }] }],
    [
      'a key that is missing',
      { Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'b' } } }] },
    ],
    ['a bad message in a queue', { Records: [{ eventSource: 'aws:sqs', body: '{"a":1}' }] }],
    ['OSS without a bucket', { events: [{ eventSource: 'acs:oss', eventName: 'ObjectCreated:PutObject', oss: {} }] }],
  ])('%s is refused by name', (_what, input) => {
    expect(() => readEvents(input)).toThrow(GiveUp);
    expect(() => readEvents(input)).toThrow(/^unknown trigger: /);
  });

  test('a record without a key among others is refused by name, and the others are read', () => {
    const bad = { ...s3Record('other:s3'), s3: { bucket: { name: 'b' } } };
    const { events, refused } = readEvents({ Records: [s3Record('aws:s3'), bad] });
    expect(events).toHaveLength(1);
    expect(refused?.message).toMatch(/^unknown trigger: a record of other:s3 without bucket or key/);
  });

  test('endless nesting ends', () => {
    expect(() => readEvents([[[[[[fixture('s3-put')]]]]]])).toThrow(/unknown trigger/);
  });

  test('only names of properties are repeated', () => {
    expect(() => readEvents({ token: 'geheim' })).toThrow(/token/);
    expect(() => readEvents({ token: 'geheim' })).not.toThrow(/geheim/);
  });
});

describe('every key comes through, whatever the sender does to it', () => {
  const keys = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((key) => key.isWellFormed());

  test('S3 and MinIO: form encoded', () => {
    fc.assert(
      fc.property(keys, (key) => {
        const encoded = new URLSearchParams({ k: key }).toString().slice(2);
        for (const sender of ['aws:s3', 'minio:s3']) {
          expect(readEvents({ Records: [s3Record(sender, encoded)] }).events[0]?.key).toBe(key);
        }
      }),
    );
  });

  test('Ceph: raw', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(readEvents({ Records: [s3Record('ceph:s3', key)] }).events[0]?.key).toBe(key);
      }),
    );
  });

  test('OSS: raw or encoded, one of the two readings is the key', () => {
    const read = (key: string) => {
      const record = {
        eventSource: 'acs:oss',
        eventName: 'ObjectCreated:PutObject',
        oss: { bucket: { name: 'b' }, object: { key } },
      };
      return readEvents({ events: [record] }).events[0];
    };
    fc.assert(
      fc.property(keys, (key) => {
        expect(read(key)?.key).toBe(key);
        const encoded = read(encodeURIComponent(key));
        expect([encoded?.key, encoded?.alternativeKey]).toContain(key);
      }),
    );
  });
});

function s3Record(eventSource: string, key = 'k') {
  return { eventSource, eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'b' }, object: { key } } };
}
