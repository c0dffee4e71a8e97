import { describe, expect, it } from 'vitest';
import { aHead, bench, failure, keyPair, refusal } from './harness.ts';
import type { Reply } from './harness.ts';

const ref = { bucket: 'dst', key: 'k' };
const copy = {
  source: { bucket: 'src', key: 's' },
  sourceIfMatch: 'E',
  destination: ref,
  metadata: { directive: 'copy' },
  tags: 'copy',
} as const;
const part = { ...copy, uploadId: 'U', partNumber: 1, first: 0, last: 9, sourceSize: 10 };

const copyFails = (reply: Reply) =>
  failure(bench('s3', () => reply, { retry: { attempts: 1 } }).store.copyObject(copy));
const partFails = (reply: Reply) =>
  failure(bench('s3', [reply], { retry: { attempts: 1 } }).store.uploadPartCopy(part));

describe('what S3 means by an error', () => {
  it.each<[string, Reply, object]>([
    ['no permission', refusal(403, 'AccessDenied'), { code: 'AccessDenied' }],
    ['bad key pair', refusal(403, 'SignatureDoesNotMatch'), { code: 'InvalidCredentials' }],
    [
      'wrong region',
      refusal(400, 'AuthorizationHeaderMalformed', '', '<Region>x.y</Region>'),
      { code: 'WrongEndpoint' },
    ],
    [
      'moved',
      refusal(301, 'PermanentRedirect', '', '<Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint>'),
      { code: 'WrongEndpoint' },
    ],
    [
      'no source, and no Message as on Ceph',
      { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' },
      { code: 'NotFound' },
    ],
    ['archived', refusal(403, 'InvalidObjectState'), { code: 'Archived' }],
    [
      'too large, Amazon',
      refusal(
        400,
        'InvalidRequest',
        'The specified copy source is larger than the maximum allowable size for a copy source: 5368709120',
      ),
      { code: 'TooLarge' },
    ],
    ['too large, Ceph and Swift', refusal(400, 'EntityTooLarge'), { code: 'TooLarge' }],
    [
      'onto itself',
      refusal(
        400,
        'InvalidRequest',
        'This copy request is illegal because it is trying to copy an object to itself without changing',
      ),
      { code: 'SameObject' },
    ],
    ['another invalid request', refusal(400, 'InvalidRequest'), { code: 'BadRequest' }],
    ['not implemented', refusal(501, 'NotImplemented'), { code: 'Unsupported' }],
    ['501 in other words', { status: 501, body: 'no' }, { code: 'Unsupported' }],
    ['long key', refusal(400, 'KeyTooLongError'), { code: 'KeyTooLong' }],
    ['changed source', refusal(412, 'PreconditionFailed'), { decision: 'source-changed' }],
    ['a conflict', refusal(409, 'ConditionalRequestConflict'), { decision: 'retry', effect: 'none', throttled: false }],
    ['another operation', refusal(409, 'OperationAborted'), { decision: 'retry', effect: 'none' }],
    ['a temporary redirect', refusal(307, 'TemporaryRedirect'), { decision: 'retry', effect: 'none' }],
    ['200 with a passing error', refusal(200, 'InternalError'), { decision: 'retry', effect: 'unknown' }],
    ['200 with a throttle', refusal(200, 'SlowDown'), { decision: 'retry', effect: 'unknown', throttled: true }],
    ['200 with a lasting error', refusal(200, 'AccessDenied'), { code: 'AccessDenied' }],
    ['200 with nothing', {}, { decision: 'retry', effect: 'unknown' }],
  ])('%s', async (_name, reply, expected) => {
    expect(await copyFails(reply)).toMatchObject(expected);
  });

  it('names the region that the bucket is in, where the endpoint does not lead there', async () => {
    const error = await copyFails(refusal(400, 'AuthorizationHeaderMalformed', '', '<Region>cn-north-1</Region>'));
    expect(error.message).toContain('The store says that it is in cn-north-1, and us-east-1 was asked');
  });

  it('a name from Object.prototype is no known code', async () => {
    expect(await copyFails(refusal(400, 'constructor'))).toMatchObject({ code: 'BadRequest' });
  });

  it('never repeats what only the two of us should know', async () => {
    const credentials = () => Promise.resolve({ ...keyPair, sessionToken: 'the-session-token' });
    const { store, sent } = bench(
      's3',
      ({ headers }) =>
        refusal(403, 'SignatureDoesNotMatch', `got ${headers['authorization']} ${headers['x-amz-security-token']}`),
      { credentials },
    );
    const error = await failure(store.copyObject(copy));
    const signature = /Signature=(\w+)/.exec(sent[0]?.headers['authorization'] ?? '')?.[1] ?? '';
    expect(signature).toHaveLength(64);
    for (const secret of [signature, 'the-session-token', keyPair.secretAccessKey]) {
      expect(JSON.stringify([error, error.message, error.stack])).not.toContain(secret);
    }
  });
});

describe('a call that names an upload', () => {
  it.each(['NoSuchUpload', 'NoSuchKey'])('%s: the upload is gone', async (code) => {
    const { store } = bench('s3', () => refusal(404, code));
    expect(await failure(store.listParts(ref, 'U'))).toMatchObject({ code: 'NoSuchUpload' });
    expect(await failure(store.complete({ destination: ref, uploadId: 'U', parts: [] }))).toMatchObject({
      code: 'NoSuchUpload',
    });
    await store.abort(ref, 'U');
  });

  it('no bucket stays no bucket', async () => {
    const { store } = bench('s3', () => refusal(404, 'NoSuchBucket'));
    expect(await failure(store.abort(ref, 'U'))).toMatchObject({ code: 'NoSuchBucket' });
  });

  it('a part copy also names a source: a missing key is that, a missing upload says so', async () => {
    expect(await partFails(refusal(404, 'NoSuchKey'))).toMatchObject({ code: 'NotFound' });
    expect(await partFails(refusal(404, 'NoSuchUpload'))).toMatchObject({ code: 'NoSuchUpload' });
  });

  it.each<[string, Reply]>([
    ['Ceph', { status: 416, body: '<Error><Code>InvalidRange</Code></Error>' }],
    ['Amazon', refusal(400, 'InvalidArgument', 'Range specified is not valid for source object of size: 5')],
    ['by the argument', refusal(400, 'InvalidArgument', 'x', '<ArgumentName>x-amz-copy-source-range</ArgumentName>')],
  ])('a range past the end means another source than the pinned one: %s', async (_name, reply) => {
    expect(await partFails(reply)).toMatchObject({ decision: 'source-changed' });
  });
});

describe('412 when source and destination are both conditions', () => {
  const both = { ...copy, forbidOverwrite: true };
  it.each([
    ['x-amz-copy-source-If-Match', 'SourceChanged'],
    ['If-None-Match', 'DestinationExists'],
  ])('the store says %s', async (condition, code) => {
    const { store, sent } = bench('s3', [
      refusal(412, 'PreconditionFailed', '', `<Condition>${condition}</Condition>`),
    ]);
    expect(await failure(store.copyObject(both))).toMatchObject({ code });
    expect(sent).toHaveLength(1);
  });

  it('the store does not say, and the destination is there', async () => {
    const { store } = bench('s3', [refusal(412, 'PreconditionFailed'), aHead]);
    expect(await failure(store.copyObject(both))).toMatchObject({ code: 'DestinationExists' });
  });

  it('the store does not say, and the destination is not there', async () => {
    const { store } = bench('s3', [refusal(412, 'PreconditionFailed'), { status: 404 }, {}]);
    expect(await failure(store.copyObject(both))).toMatchObject({ code: 'SourceChanged' });
  });

  it('only the destination is one: complete', async () => {
    const { store } = bench('s3', [refusal(412, 'PreconditionFailed')]);
    const call = { destination: ref, uploadId: 'U', parts: [], forbidOverwrite: true };
    expect(await failure(store.complete(call))).toMatchObject({ code: 'DestinationExists' });
  });
});

describe('errors of HEAD, which has no body', () => {
  it('404 asks once whether there is such a bucket', async () => {
    const { store, sent } = bench('s3', [{ status: 404 }, { status: 404 }]);
    expect(await failure(store.head(ref))).toMatchObject({ code: 'NoSuchBucket' });
    expect(sent.map((request) => [request.method, request.origin, request.path])).toEqual([
      ['HEAD', 'https://dst.s3.us-east-1.amazonaws.com', '/k'],
      ['HEAD', 'https://dst.s3.us-east-1.amazonaws.com', '/'],
    ]);
  });

  it('and never again for a bucket that has answered', async () => {
    const { store, sent } = bench('s3', [aHead, { status: 404 }, { status: 404 }]);
    await store.head(ref);
    for (const key of ['x', 'y'])
      expect(await failure(store.head({ bucket: 'dst', key }))).toMatchObject({ code: 'NotFound' });
    expect(sent).toHaveLength(3);
  });

  it('a bucket that may not be looked at leaves the first answer', async () => {
    const { store } = bench('s3', [{ status: 404 }, { status: 403 }]);
    expect(await failure(store.head(ref))).toMatchObject({ code: 'NotFound' });
  });

  it.each<[number, Record<string, string>, object]>([
    [404, { 'x-amz-delete-marker': 'true' }, { code: 'NotFound' }],
    [405, { 'x-amz-delete-marker': 'true' }, { code: 'NotFound' }],
    [405, {}, { code: 'Unsupported' }],
    [403, {}, { code: 'AccessDenied' }],
    [301, { 'x-amz-bucket-region': 'cn-north-1' }, { code: 'WrongEndpoint' }],
    [400, { 'x-amz-bucket-region': 'cn-north-1' }, { code: 'WrongEndpoint' }],
    [400, {}, { code: 'BadRequest' }],
  ])('%i %j', async (status, headers, expected) => {
    const { store } = bench('s3', [aHead, { status, headers }]);
    await store.head(ref);
    expect(await failure(store.head(ref))).toMatchObject(expected);
  });
});

describe('connections', () => {
  it.each([
    ['ERR_TLS_CERT_ALTNAME_INVALID', { code: 'WrongEndpoint' }],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', { code: 'WrongEndpoint' }],
    ['ENOTFOUND', { decision: 'retry', effect: 'none' }],
    ['ECONNRESET', { decision: 'retry', effect: 'unknown' }],
  ])('%s', async (fails, expected) => {
    const error = await copyFails({ fails });
    expect(error).toMatchObject(expected);
    expect(error.message).toContain('dst.s3.us-east-1.amazonaws.com');
  });
});
