import { describe, expect, it } from 'vitest';
import { aHead, bench, errorXml, failure, refusal } from './harness.ts';
import type { Reply } from './harness.ts';

const ref = { bucket: 'dst', key: 'k' };
const copy = {
  source: { bucket: 'src', key: 's' },
  sourceIfMatch: 'E',
  destination: ref,
  metadata: { directive: 'copy' },
  tags: 'copy',
} as const;

async function copyFails(reply: Reply, call: object = {}): Promise<Error> {
  const { store } = bench('oss', [reply, refusal(403, 'AccessDenied')], { retry: { attempts: 1 } });
  return failure(store.copyObject({ ...copy, ...call }));
}

const ec = (number: string) => `<EC>${number}</EC>`;

describe('what OSS means by an error', () => {
  it.each<[string, Reply, object]>([
    [
      'no permission',
      refusal(403, 'AccessDenied', 'You have no right to access this object'),
      { code: 'AccessDenied' },
    ],
    ['another region, by number', refusal(403, 'AccessDenied', 'x', ec('0016-00000306')), { code: 'CrossRegion' }],
    [
      'another region, by its words',
      refusal(403, 'AccessDenied', 'Target object does not reside in the same data center as source object.'),
      { code: 'CrossRegion' },
    ],
    ['the number goes before the code', refusal(403, 'NoSuchKey', 'x', ec('0016-00000306')), { code: 'CrossRegion' }],
    [
      'an unknown number leaves it to the code',
      refusal(404, 'NoSuchKey', 'x', ec('0099-99999999')),
      { code: 'NotFound' },
    ],
    [
      'the number in a header',
      { status: 403, headers: { 'x-oss-ec': '0048-00000401' } },
      { code: 'PublicEndpointForbidden' },
    ],
    ['public endpoint', refusal(400, 'PublicEndpointForbidden'), { code: 'PublicEndpointForbidden' }],
    ['path style', refusal(403, 'SecondLevelDomainForbidden'), { code: 'WrongEndpoint' }],
    [
      'a user who is switched off',
      refusal(403, 'UserDisable', '', ec('0003-00000801')),
      { code: 'InvalidCredentials' },
    ],
    ['an unknown key pair', refusal(403, 'InvalidAccessKeyId'), { code: 'InvalidCredentials' }],
    ['no bucket', refusal(404, 'NoSuchBucket', '', ec('0015-00000101')), { code: 'NoSuchBucket' }],
    ['no object', refusal(404, 'NoSuchKey', '', ec('0026-00000001')), { code: 'NotFound' }],
    ['no version', refusal(404, 'NoSuchVersion', '', ec('0012-00000203')), { code: 'NotFound' }],
    ['a delete marker', refusal(400, 'InvalidArgument', '', ec('0016-00000307')), { code: 'NotFound' }],
    ['changed source', refusal(412, 'PreconditionFailed'), { code: 'SourceChanged' }],
    ['changed source, as 304 without body', { status: 304 }, { code: 'SourceChanged' }],
    ['too large', refusal(400, 'EntityTooLarge'), { code: 'TooLarge' }],
    ['taken', refusal(409, 'FileAlreadyExists'), { code: 'DestinationExists' }],
    ['immutable', refusal(409, 'FileImmutable'), { code: 'Immutable' }],
    ['archived', refusal(403, 'InvalidObjectState'), { code: 'Archived' }],
    ['a symbolic link', refusal(400, 'InvalidArgument', '', ec('0042-00000308')), { code: 'SymlinkSource' }],
    ['encrypted by the client', refusal(400, 'InvalidArgument', '', ec('0042-00000309')), { code: 'ClientEncrypted' }],
    ['not implemented', refusal(400, 'NotImplemented'), { code: 'Unsupported' }],
    ['bad argument', refusal(400, 'InvalidArgument'), { code: 'BadRequest' }],
    ['something new', refusal(400, 'SomethingNew'), { code: 'BadRequest' }],
    ['something new that failed there', refusal(500, 'SomethingNew'), { decision: 'retry', effect: 'unknown' }],
    ['thread pool full', refusal(503, 'ServiceUnavailable'), { decision: 'retry', throttled: true, effect: 'none' }],
  ])('%s', async (_name, reply, expected) => {
    expect(await copyFails(reply)).toMatchObject(expected);
  });

  it('the words are for people: call, objects, cause, advice, and what the store said', async () => {
    const error = await copyFails(
      refusal(403, 'AccessDenied', 'no right', '<EC>0003-00000001</EC><RequestId>R1</RequestId>'),
    );
    expect(error.message).toBe(
      'CopyObject of oss://src/s to oss://dst/k: not allowed. The credentials need oss:GetObject on the source and ' +
        'oss:PutObject on the destination (with tags also oss:GetObjectTagging and oss:PutObjectTagging); check the policies ' +
        'of both user and bucket. [403 AccessDenied 0003-00000001 "no right" request R1]',
    );
    expect(error).toMatchObject({
      answer: { operation: 'CopyObject', status: 403, code: 'AccessDenied', ec: '0003-00000001', requestId: 'R1' },
    });
  });

  it('a line break or a novel in the message stays out of the log line', async () => {
    const error = await copyFails(refusal(400, 'InvalidArgument', `a\nb\u0007${'x'.repeat(5000)}`));
    expect(error.message).toContain('"a b ');
    expect(error.message.length).toBeLessThan(700);
  });
});

describe('errors of HEAD, which has no body', () => {
  it('are read from x-oss-err', async () => {
    const packed = Buffer.from(errorXml('NoSuchBucket', 'gone', ec('0015-00000101'))).toString('base64');
    const { store, sent } = bench('oss', [{ status: 404, headers: { 'x-oss-err': packed, 'x-oss-request-id': 'R' } }]);
    expect(await failure(store.head(ref))).toMatchObject({
      code: 'NoSuchBucket',
      answer: { status: 404, code: 'NoSuchBucket', ec: '0015-00000101', requestId: 'R' },
    });
    expect(sent).toHaveLength(1);
  });

  it.each(['', '%%%', Buffer.from('<Error><Code>').toString('base64')])(
    'fall back to the status: %j',
    async (packed) => {
      const { store, sent } = bench('oss', [{ status: 404, headers: { 'x-oss-err': packed } }]);
      expect(await failure(store.head(ref))).toMatchObject({ code: 'NotFound' });
      expect(sent).toHaveLength(1);
    },
  );

  it('single parts of an object are no question for OSS', async () => {
    const { store, sent } = bench('oss', [aHead]);
    expect(await failure(store.head(ref, { partNumber: 1 }))).toMatchObject({ code: 'Unsupported' });
    expect(sent).toEqual([]);
  });
});
