import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventTarget } from '../../../lib/twin/events/target.ts';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { oss } from './raw.ts';

const KEY = 'dir/ü +%41.txt';

let server: Server;
let received: unknown[];
/** Statuses to answer with before 200s. */
let refusals: number[];
let twin: Twin | undefined;

beforeEach(async () => {
  received = [];
  refusals = [];
  server = createServer((message, response) => {
    const pieces: Buffer[] = [];
    message.on('data', (piece: Buffer) => pieces.push(piece));
    message.on('end', () => {
      const status = refusals.shift() ?? 200;
      if (status === 200) received.push(JSON.parse(Buffer.concat(pieces).toString()));
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await twin?.close();
  server.closeAllConnections();
  server.close();
});

async function started(target: Omit<EventTarget, 'url'>): Promise<Twin> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  twin = await startTwin({
    buckets: [{ name: 'a' }, { name: 'kept', versioning: 'Enabled', region: 'eu-west-1' }],
    events: [{ url, ...target }],
  });
  return twin;
}

const put = (its: Twin, bucket: string, key: string, body = 'hello') => oss(its, { method: 'PUT', bucket, key, body });

describe('shapes', () => {
  it('OSS native: raw key, no prefix on the name', async () => {
    const its = await started({ shape: 'oss' });
    await put(its, 'a', KEY, 'hi');
    await put(its, 'a', KEY);
    await its.eventsSettled();
    const sizes = (received as { events: { oss: { object: { size: number; deltaSize: number } } }[] }[]).map(
      ({ events }) => events[0]!.oss.object,
    );
    expect(sizes.map(({ size, deltaSize }) => [size, deltaSize]).sort()).toEqual([
      [2, 2],
      [5, 3],
    ]);
    expect(received).toContainEqual({
      events: [
        expect.objectContaining({
          eventName: 'ObjectCreated:PutObject',
          eventSource: 'acs:oss',
          region: 'cn-hangzhou',
          oss: expect.objectContaining({
            bucket: expect.objectContaining({ name: 'a' }) as unknown,
            object: expect.objectContaining({ key: KEY, size: 5, eTag: '5D41402ABC4B2A76B9719D911017C592' }) as unknown,
          }) as unknown,
        }),
      ],
    });
  });

  it('OSS EventBridge: one record in a CloudEvents envelope', async () => {
    const its = await started({ shape: 'oss-eventbridge' });
    await put(its, 'a', KEY);
    await its.eventsSettled();
    expect(received).toMatchObject([
      {
        specversion: '1.0',
        source: 'acs.oss',
        type: 'oss:ObjectCreated:PutObject',
        subject: `acs:oss:cn-hangzhou:1234567890:a/${KEY}`,
        data: { eventName: 'ObjectCreated:PutObject', oss: { object: { key: KEY } } },
      },
    ]);
  });

  it('S3 notification: form-encoded key, version and sequencer', async () => {
    const its = await started({ shape: 's3' });
    await put(its, 'kept', KEY);
    await its.eventsSettled();
    await oss(its, { method: 'DELETE', bucket: 'kept', key: KEY });
    await its.eventsSettled();
    type Body = { Records: { eventName: string; awsRegion: string; s3: { object: Record<string, string> } }[] };
    const records = (received as Body[]).map((body) => body.Records[0]!);
    expect(records.map(({ eventName }) => eventName)).toEqual([
      'ObjectCreated:Put',
      'ObjectRemoved:DeleteMarkerCreated',
    ]);
    const [created, removed] = records.map(({ s3 }) => s3.object);
    expect(created).toMatchObject({
      key: 'dir/%C3%BC+%2B%2541.txt',
      size: 5,
      eTag: '5d41402abc4b2a76b9719d911017c592',
    });
    expect(created!['versionId']).toBe(its.store.versions('kept', KEY)[1]?.versionId);
    expect(removed!['sequencer']! > created!['sequencer']!).toBe(true);
    expect(records[0]?.awsRegion).toBe('eu-west-1');
  });

  it('S3 EventBridge: raw key', async () => {
    const its = await started({ shape: 's3-eventbridge' });
    await put(its, 'a', KEY);
    await oss(its, { method: 'DELETE', bucket: 'a', key: KEY });
    await its.eventsSettled();
    expect(received).toHaveLength(2);
    expect(received).toContainEqual(
      expect.objectContaining({
        source: 'aws.s3',
        'detail-type': 'Object Created',
        detail: expect.objectContaining({
          object: expect.objectContaining({ key: KEY, size: 5 }) as unknown,
          reason: 'PutObject',
        }) as unknown,
      }),
    );
    expect(received).toContainEqual(
      expect.objectContaining({
        'detail-type': 'Object Deleted',
        detail: expect.objectContaining({ 'deletion-type': 'Permanently Deleted' }) as unknown,
      }),
    );
  });
});

it('the OSS wildcard fires for every step of an upload; a plain subscription only at its end', async () => {
  const names = (): string[] =>
    (received as { events: { eventName: string }[] }[]).map(({ events }) => events[0]!.eventName).sort();
  for (const partEvents of [true, false]) {
    const its = await started({ shape: 'oss', partEvents });
    await its.store.put('a', 'source', { body: 'x' });
    const begun = await oss(its, { method: 'POST', bucket: 'a', key: 'mp', query: { uploads: '' } });
    const uploadId = begun.xml('UploadId')!;
    await oss(its, {
      method: 'PUT',
      bucket: 'a',
      key: 'mp',
      query: { partNumber: '1', uploadId },
      headers: { 'x-oss-copy-source': '/a/source' },
    });
    await oss(its, {
      method: 'POST',
      bucket: 'a',
      key: 'mp',
      query: { uploadId },
      headers: { 'x-oss-complete-all': 'yes' },
    });
    await its.eventsSettled();
    await its.close();
    const end = 'ObjectCreated:CompleteMultipartUpload';
    expect(names()).toEqual(
      partEvents ? [end, 'ObjectCreated:InitiateMultipartUpload', 'ObjectCreated:UploadPartCopy'] : [end],
    );
    received = [];
  }
});

it('filters by bucket, prefix and suffix', async () => {
  const its = await started({ shape: 's3', bucket: 'a', prefix: 'in/', suffix: '.txt' });
  for (const [bucket, key] of [
    ['a', 'in/1.txt'],
    ['a', 'in/2.bin'],
    ['a', 'out/3.txt'],
    ['kept', 'in/4.txt'],
  ] as const)
    await put(its, bucket, key);
  await its.eventsSettled();
  expect(received).toMatchObject([{ Records: [{ s3: { object: { key: 'in/1.txt' } } }] }]);
});

it('delivers at least once: anything but 2xx is tried again', async () => {
  refusals = [500, 429];
  const its = await started({ shape: 's3' });
  await put(its, 'a', 'k');
  await its.eventsSettled();
  expect(received).toHaveLength(1);
});

it('delivers twice and out of order when asked to', async () => {
  const its = await started({ shape: 's3', duplicate: 1, delayMs: 600 });
  // All at once: one after another they may take longer than the delays on a busy machine.
  await Promise.all(Array.from({ length: 8 }, (_, n) => put(its, 'a', `k${n}`)));
  await its.eventsSettled();
  const keys = (received as { Records: { s3: { object: { key: string } } }[] }[]).map(
    ({ Records }) => Records[0]!.s3.object.key,
  );
  expect(keys).toHaveLength(16);
  expect(keys).not.toEqual([...keys].sort());
});
