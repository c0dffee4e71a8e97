import { describe, expect, it } from 'vitest';
import { s3 } from '../../../lib/store/dialects/s3.ts';
import type { Caller } from '../../../lib/store/http/caller.ts';
import { correct } from '../../../lib/store/http/correct-clock-and-token.ts';
import type { Credentials, CredentialsProvider } from '../../../lib/store/sign/credentials.ts';
import { aHead, bench, failure, keyPair, refusal, TestClock } from './harness.ts';

const ref = { bucket: 'bkt', key: 'k' };
const now = new TestClock().now();
const good = { body: '<Tagging><TagSet/></Tagging>' };
const dateOf = (headers: Record<string, string> | undefined, scheme = 'amz') => headers?.[`x-${scheme}-date`];

describe('a clock that is off', () => {
  const date = new Date(now + 3_600_000).toUTCString();

  it.each(['oss', 's3'] as const)('%s: dated by the store from then on, without waiting', async (scheme) => {
    const late = { ...refusal(403, 'RequestTimeTooSkewed'), headers: { date } };
    const { store, sent, clock } = bench(scheme, [late, good, good]);
    await store.getTags(ref);
    await store.getTags(ref);
    const prefix = scheme === 'oss' ? 'oss' : 'amz';
    expect(sent.map((request) => dateOf(request.headers, prefix))).toEqual([
      '20260601T120000Z',
      '20260601T130000Z',
      '20260601T130000Z',
    ]);
    expect(clock.slept).toEqual([]);
  });

  it('OSS says so by number', async () => {
    const late = { ...refusal(403, 'AccessDenied', '', '<EC>0002-00000504</EC>'), headers: { date } };
    const { store, sent } = bench('oss', [late, good]);
    await store.getTags(ref);
    expect(sent).toHaveLength(2);
  });

  it('HEAD on S3 can only be told by the Date of its 403', async () => {
    const { store, sent } = bench('s3', [{ status: 403, headers: { date } }, aHead]);
    await store.head(ref);
    expect(sent).toHaveLength(2);
  });

  it('a 403 in time is no matter of clocks', async () => {
    const { store, sent } = bench('s3', [{ status: 403, headers: { date: new Date(now + 5000).toUTCString() } }]);
    expect(await failure(store.head(ref))).toMatchObject({ code: 'AccessDenied' });
    expect(sent).toHaveLength(1);
  });

  it('one correction per call', async () => {
    const { store, sent } = bench('s3', () => ({ ...refusal(403, 'RequestTimeTooSkewed'), headers: { date } }));
    expect(await failure(store.getTags(ref))).toMatchObject({
      code: 'InvalidCredentials',
      message: expect.stringContaining('clock'),
    });
    expect(sent).toHaveLength(2);
  });

  it('without a usable Date nothing can be corrected', async () => {
    const { store, sent } = bench('s3', [refusal(403, 'RequestTimeTooSkewed')]);
    expect(await failure(store.getTags(ref))).toMatchObject({ code: 'InvalidCredentials' });
    expect(sent).toHaveLength(1);
  });
});

describe('a token that has expired', () => {
  function renewing(): { credentials: CredentialsProvider; looks: (boolean | undefined)[] } {
    const looks: (boolean | undefined)[] = [];
    const credentials: CredentialsProvider = (options) => {
      looks.push(options?.refresh);
      return Promise.resolve({ ...keyPair, sessionToken: `token-${looks.length}` } satisfies Credentials);
    };
    return { credentials, looks };
  }

  it.each([
    ['s3', 'ExpiredToken'],
    ['s3', 'InvalidToken'],
    ['oss', 'SecurityTokenExpired'],
    ['oss', 'InvalidSecurityToken'],
    ['oss', 'AccessKeyIdAndSecurityTokenNotMatch'],
  ] as const)('%s %s: renewed, and the call repeated at once', async (scheme, code) => {
    const { credentials, looks } = renewing();
    const { store, sent, clock } = bench(scheme, [refusal(403, code), good], { credentials });
    await store.getTags(ref);
    const name = `x-${scheme === 'oss' ? 'oss' : 'amz'}-security-token`;
    expect(sent.map((request) => request.headers[name])).toEqual(['token-1', 'token-2']);
    expect(looks).toEqual([false, true]);
    expect(clock.slept).toEqual([]);
  });

  it('HEAD on S3 says it by a bare 400', async () => {
    const { credentials } = renewing();
    const { store, sent } = bench('s3', [{ status: 400 }, aHead], { credentials });
    await store.head(ref);
    expect(sent).toHaveLength(2);
  });

  it('once per call', async () => {
    const { credentials } = renewing();
    const { store, sent } = bench('s3', () => refusal(400, 'ExpiredToken'), { credentials });
    expect(await failure(store.getTags(ref))).toMatchObject({
      code: 'InvalidCredentials',
      message: expect.stringContaining('token'),
    });
    expect(sent).toHaveLength(2);
  });

  it('many calls at once renew it once', async () => {
    const { credentials, looks } = renewing();
    const stale = (request: { headers: Record<string, string> }) =>
      request.headers['x-amz-security-token'] === 'token-1' ? refusal(400, 'ExpiredToken') : good;
    const { store } = bench('s3', stale, { credentials });
    await Promise.all(Array.from({ length: 10 }, () => store.getTags(ref)));
    expect(looks).toEqual([false, true]);
  });

  it('a call that was refused late uses what another has renewed in the meantime', async () => {
    const old: Credentials = { ...keyPair, sessionToken: 'old' };
    const looks: (boolean | undefined)[] = [];
    const caller = {
      dialect: s3,
      clock: new TestClock(),
      skew: { offset: 0 },
      credentials: (options?: { refresh?: boolean }) => {
        looks.push(options?.refresh);
        return Promise.resolve({ ...keyPair, sessionToken: 'new' });
      },
    } as unknown as Caller;
    const call = { operation: 'HeadObject', method: 'HEAD', ...ref } as const;
    const refused = { status: 400, code: 'ExpiredToken', delayMs: 0, deleteMarker: false };
    expect(await correct(caller, call, refused, old, { clock: false, token: false })).toBe(true);
    expect(looks).toEqual([undefined]);
  });

  it('initiate too is sent again: a refused token proves that nothing happened', async () => {
    const { credentials } = renewing();
    const initiated = { body: '<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>' };
    const { store } = bench('s3', [refusal(400, 'ExpiredToken'), initiated], { credentials });
    expect(await store.initiate({ destination: ref, content: {}, userMetadata: {}, tags: {} })).toEqual({
      uploadId: 'U',
    });
  });
});
