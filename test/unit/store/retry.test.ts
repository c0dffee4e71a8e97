import { describe, expect, it } from 'vitest';
import { RetryLater } from '../../../lib/copy/model/errors.ts';
import type { Reply } from './harness.ts';
import { aHead, bench, failure, refusal, TestClock } from './harness.ts';

const ref = { bucket: 'bkt', key: 'k' };
const parts = [{ number: 1, etag: 'E' }];
const initiated: Reply = {
  body: '<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>',
};
const internal = refusal(500, 'InternalError');
const slowDown = refusal(503, 'SlowDown');
const busy = refusal(503, 'ServiceUnavailable');
const good: Reply = { body: '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>' };
const initiate = { destination: ref, content: {}, userMetadata: {}, tags: {} };

describe('retries of a call that may be repeated', () => {
  it.each<[string, Reply]>([
    ['500', internal],
    ['503', slowDown],
    ['429', { status: 429 }],
    ['502 with a web page', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['a lost connection', { fails: 'ECONNRESET' }],
    ['a parser error left by the answer before', { fails: 'HPE_INVALID_CONSTANT' }],
    ['a timeout', { fails: 'UND_ERR_HEADERS_TIMEOUT' }],
    ['no connection', { fails: 'ECONNREFUSED' }],
    ['an idle socket', refusal(400, 'RequestTimeout')],
    ['half an answer', { body: '<Tagging><TagSet><Tag><Key>a</Key>' }],
  ])('%s, then success', async (_name, reply) => {
    const { store, sent, infos, clock } = bench('s3', [reply, good]);
    expect(await store.getTags(ref)).toEqual({ a: 'b' });
    expect(sent).toHaveLength(2);
    expect(infos.map((info) => info.attempt)).toEqual([1, 2]);
    expect(clock.slept).toHaveLength(1);
  });

  it('waits with full jitter, exponentially', async () => {
    const { store, clock } = bench('s3', [internal, internal, internal, internal, good]);
    await store.getTags(ref);
    expect(clock.slept).toEqual([50, 100, 200, 400]);
  });

  it('waits longer when told to slow down', async () => {
    const { store, clock } = bench('s3', [slowDown, slowDown, good]);
    await store.getTags(ref);
    expect(clock.slept).toEqual([250, 500]);
  });

  it('gives up after the last attempt; a read has no effect that could be unknown', async () => {
    const { store, sent } = bench('s3', () => internal);
    const error = await failure(store.getTags(ref));
    expect(error).toMatchObject({
      decision: 'retry',
      effect: 'none',
      answer: { operation: 'GetObjectTagging', status: 500 },
    });
    expect(error.message).toMatch(/tried 5 times/);
    expect(sent).toHaveLength(5);
  });

  it('a refusal after a lost answer still leaves the effect unknown', async () => {
    const { store } = bench('s3', [{ fails: 'ECONNRESET' }, slowDown], { retry: { attempts: 2 } });
    expect(await failure(store.putTags(ref, { a: 'b' }))).toMatchObject({
      decision: 'retry',
      effect: 'unknown',
      throttled: true,
    });
  });
});

it.each(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED'])(
  'a client that was closed under a call stops trying: %s',
  async (fails) => {
    const { store, sent } = bench('s3', () => ({ fails }));
    expect(await failure(store.getTags(ref))).toMatchObject({ decision: 'retry' });
    expect(sent).toHaveLength(1);
  },
);

describe("the store's own delay", () => {
  const now = new TestClock().now();
  it.each<['oss' | 's3', Record<string, string>, number]>([
    ['s3', { 'retry-after': '3' }, 3000],
    ['s3', { 'retry-after': new Date(now + 7000).toUTCString() }, 7000],
    ['s3', { 'retry-after': new Date(now + 67_000).toUTCString(), date: new Date(now + 60_000).toUTCString() }, 7000],
    ['oss', { 'x-oss-qos-delay-time': '1500' }, 1500],
    ['oss', { 'x-oss-qos-delay-time': '1500', 'retry-after': '9' }, 1500],
  ])('%s %j', async (scheme, headers, delay) => {
    const { store, clock } = bench(scheme, [{ ...busy, headers }, good]);
    await store.getTags(ref);
    expect(clock.slept).toEqual([delay + 250]);
  });

  it('one longer than we are willing to wait is handed on', async () => {
    const { store, clock, sent } = bench('s3', [{ ...slowDown, headers: { 'retry-after': '120' } }]);
    expect(await failure(store.getTags(ref))).toMatchObject({
      decision: 'retry',
      delayMs: 120_000,
      throttled: true,
      effect: 'none',
    });
    expect([sent.length, clock.slept.length]).toEqual([1, 0]);
  });

  it.each(['-5', 'soon', '1e9', '99999999999999'])('nonsense is ignored: %s', async (value) => {
    const { store, clock } = bench('s3', [{ ...slowDown, headers: { 'retry-after': value } }, good]);
    await store.getTags(ref);
    expect(clock.slept).toEqual([250]);
  });
});

describe('calls that must not happen twice', () => {
  it('initiate gives up after an answer without an upload, and leaves open whether there is one', async () => {
    const { store, sent } = bench('s3', [{ body: '<InitiateMultipartUploadResult/>' }]);
    expect(await failure(store.initiate(initiate))).toMatchObject({ code: 'BadAnswer', effect: 'unknown' });
    expect(sent).toHaveLength(1);
  });

  it.each<[string, Reply]>([
    ['500', internal],
    ['502', { status: 502 }],
    ['504', { status: 504 }],
    ['503 of an unknown proxy', { status: 503, body: 'upstream connect error' }],
    ['a lost connection', { fails: 'UND_ERR_SOCKET' }],
    ['a timeout', { fails: 'UND_ERR_HEADERS_TIMEOUT' }],
    ['an unreadable answer', { body: '<Initiate' }],
    ['200 with an error', refusal(200, 'InternalError')],
  ])('initiate is not repeated after %s', async (_name, reply) => {
    const { store, sent } = bench('s3', [reply]);
    expect(await failure(store.initiate(initiate))).toMatchObject({ decision: 'retry', effect: 'unknown' });
    expect(sent).toHaveLength(1);
  });

  it.each<[string, Reply]>([
    ['503 SlowDown', slowDown],
    ['429', { status: 429 }],
    ['a refused connection', { fails: 'ECONNREFUSED' }],
    ['a connect timeout', { fails: 'UND_ERR_CONNECT_TIMEOUT' }],
    ['an unknown host', { fails: 'ENOTFOUND' }],
  ])('initiate is repeated after %s', async (_name, reply) => {
    const { store, sent } = bench('s3', [reply, initiated]);
    expect(await store.initiate(initiate)).toEqual({ uploadId: 'U' });
    expect(sent).toHaveLength(2);
  });

  it.each<[string, Reply]>([
    ['500', internal],
    ['a lost connection', { fails: 'ECONNRESET' }],
    ['200 with a passing error', refusal(200, 'InternalError')],
    ['200 with a lasting error', refusal(200, 'InvalidPart')],
    ['200 with a throttle', refusal(200, 'SlowDown')],
    ['200 with half a document', { body: '<CompleteMultipartUploadResult><ETag>"a' }],
  ])('complete is not repeated after %s', async (_name, reply) => {
    const { store, sent } = bench('oss', [reply]);
    const error = await failure(store.complete({ destination: ref, uploadId: 'U', parts }));
    expect(error).toMatchObject({ decision: 'retry', effect: 'unknown' });
    expect(sent).toHaveLength(1);
  });

  it('a conditional delete is not repeated: its own success would look like a change', async () => {
    const { store, sent } = bench('s3', [internal]);
    expect(await failure(store.delete(ref, { ifMatch: 'E' }))).toMatchObject({ decision: 'retry', effect: 'unknown' });
    expect(sent).toHaveLength(1);
  });

  it('a copy onto itself, or one that must not overwrite, is not repeated', async () => {
    const call = { source: ref, sourceIfMatch: 'E', metadata: { directive: 'copy' }, tags: 'copy' } as const;
    for (const variant of [{ destination: ref }, { destination: { bucket: 'b2', key: 'k' }, forbidOverwrite: true }]) {
      const { store, sent } = bench('s3', [internal]);
      expect(await failure(store.copyObject({ ...call, ...variant }))).toMatchObject({
        decision: 'retry',
        effect: 'unknown',
      });
      expect(sent).toHaveLength(1);
    }
  });
});

describe('the deadline', () => {
  it('nothing is sent after it', async () => {
    const { store, sent, clock } = bench('s3', [good]);
    const error = await failure(store.getTags(ref, { deadline: clock.now() }));
    expect(error).toMatchObject({ decision: 'retry', effect: 'none' });
    expect(sent).toEqual([]);
  });

  it('no wait goes beyond it', async () => {
    const { store, sent, clock } = bench('s3', () => internal);
    const deadline = clock.now() + 160;
    expect(await failure(store.getTags(ref, { deadline }))).toBeInstanceOf(RetryLater);
    expect(clock.slept).toEqual([50, 100]);
    expect(sent).toHaveLength(3);
    expect(clock.now()).toBeLessThan(deadline);
  });

  it('every call has one, even if the caller sets none', async () => {
    const { store, clock } = bench('s3', () => ({ ...slowDown, headers: { 'retry-after': '15' } }), {
      retry: { attempts: 1000 },
    });
    const start = clock.now();
    expect(await failure(store.getTags(ref))).toMatchObject({ decision: 'retry', throttled: true });
    expect(clock.now() - start).toBeLessThanOrEqual(180_000);
    expect(clock.slept.length).toBeGreaterThan(5);
  });
});

describe('pressure', () => {
  it('halves on the bare 503 of HEAD, which has no body to say why', async () => {
    const { store } = bench('s3', [{ status: 503 }, aHead], { maxConcurrency: 8 });
    await store.head(ref);
    expect(store.pressure).toMatchObject({ limit: 4, throttled: 1 });
  });

  it('halves on a throttled answer and counts it', async () => {
    const { store } = bench('s3', [slowDown, internal, good], { maxConcurrency: 8 });
    await store.getTags(ref);
    expect(store.pressure).toEqual({ limit: 4, inFlight: 0, waiting: 0, throttled: 1 });
  });

  it.each(['TotalQpsLimitExceeded', 'UploadTrafficRateLimitExceeded', 'ActiveRequestLimitExceeded'])(
    'OSS %s',
    async (code) => {
      const { store } = bench('oss', [refusal(503, code), good], { maxConcurrency: 8 });
      await store.getTags(ref);
      expect(store.pressure.limit).toBe(4);
    },
  );
});
