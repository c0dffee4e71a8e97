import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AWS4,
  canonicalRequest,
  OSS4,
  readClaim,
  signingKey,
  signV4,
  stringToSign,
  type Scheme,
} from '../../../lib/twin/auth/v4.ts';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import type { RequestHead } from '../../../lib/twin/wire/head.ts';
import { parseTarget } from '../../../lib/twin/wire/target.ts';
import { BOTH, oss, s3, s3Presigned, unsigned } from './raw.ts';

/** The signature the twin expects of a request. */
function expected(scheme: Scheme, secret: string, head: RequestHead, payload = 'UNSIGNED-PAYLOAD'): string {
  const claim = readClaim(scheme, head)!;
  const text = stringToSign(scheme, claim, canonicalRequest(scheme, head, claim, payload));
  return signV4(signingKey(scheme, secret, claim), text);
}

function headOf(method: string, host: string, url: string, headers: Record<string, string>): RequestHead {
  return { method, host, headers, target: parseTarget(url, host, () => undefined) };
}

describe('published OSS4-HMAC-SHA256 vectors', () => {
  const url = '/bucket/1234%2B-/123/1.txt?param1=value1&%2Bparam1=value3&%7Cparam1=value4&%2Bparam2&%7Cparam2&param2';
  const base = {
    'x-oss-head1': 'value',
    abc: 'value',
    zabc: 'value',
    xyz: 'value',
    'content-type': 'text/plain',
    'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
  };
  const authorization = (date: string, extra = ''): string =>
    `OSS4-HMAC-SHA256 Credential=ak/${date}/cn-hangzhou/oss/aliyun_v4_request,${extra}Signature=x`;

  it.each([
    [
      'plain',
      { 'x-oss-date': '20231216T162057Z' },
      '',
      'e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe',
    ],
    [
      'with a token',
      { 'x-oss-date': '20231217T034736Z', 'x-oss-security-token': 'token' },
      '',
      'b94a3f999cf85bcdc00d332fbd3734ba03e48382c36fa4d5af5df817395bd9ea',
    ],
    [
      'with additional headers',
      { 'x-oss-date': '20231216T172512Z' },
      'AdditionalHeaders=abc;zabc,',
      '4a4183c187c07c8947db7620deb0a6b38d9fbdd34187b6dbaccb316fa251212f',
    ],
  ])('%s', (_, headers, extra, signature) => {
    const day = headers['x-oss-date'].slice(0, 8);
    const head = headOf('PUT', '127.0.0.1', url, { ...base, ...headers, authorization: authorization(day, extra) });
    expect(expected(OSS4, 'sk', head)).toBe(signature);
  });

  it('presigned', () => {
    const query =
      '&x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-date=20231217T025437Z&x-oss-expires=599&x-oss-signature=x' +
      '&x-oss-credential=ak%2F20231217%2Fcn-hangzhou%2Foss%2Faliyun_v4_request';
    const { 'x-oss-content-sha256': _, ...headers } = { ...base, 'content-type': 'application/octet-stream' };
    const head = headOf('PUT', '127.0.0.1', url + query, headers);
    expect(expected(OSS4, 'sk', head)).toBe('a39966c61718be0d5b14e668088b3fa07601033f6518ac7b523100014269c0fe');
  });

  it('a virtual-hosted request signs its bucket all the same', () => {
    const host = 'examplebucket.oss-cn-hangzhou.aliyuncs.com';
    const head = headOf('PUT', host, '/exampleobject', {
      host,
      'content-md5': 'eB5eJF1ptWaXm4bijSPyxw',
      'content-type': 'text/html',
      'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
      'x-oss-date': '20231203T121212Z',
      'x-oss-meta-author': 'alice',
      'x-oss-meta-magic': 'abracadabra',
      authorization:
        'OSS4-HMAC-SHA256 Credential=accesskeyid/20231203/cn-hangzhou/oss/aliyun_v4_request,AdditionalHeaders=host,Signature=x',
    });
    expect(expected(OSS4, 'accesskeysecret', head)).toBe(
      '4b663e424d2db9967401ff6ce1c86f8c83cabd77d9908475239d9110642c63fa',
    );
  });
});

it("AWS's published GET object vector", () => {
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  const host = 'examplebucket.s3.amazonaws.com';
  const head = headOf('GET', host, '/test.txt', {
    host,
    range: 'bytes=0-9',
    'x-amz-content-sha256': empty,
    'x-amz-date': '20130524T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,' +
      'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=x',
  });
  const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  expect(expected(AWS4, secret, head, empty)).toBe('f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41');
});

describe('the twin refuses', () => {
  let twin: Twin;
  const get = { method: 'GET', bucket: 'b', key: 'k' };
  beforeAll(async () => {
    twin = await startTwin({ buckets: [{ name: 'b' }] });
    await twin.store.put('b', 'k', { body: 'secret' });
  });
  afterAll(() => twin.close());

  describe.each(BOTH)('in the $name dialect', ({ send }) => {
    it('a wrong secret, an unknown key, and a token that was never issued', async () => {
      expect((await send(twin, get)).status).toBe(200);
      const wrong = await send(twin, { ...get, secretAccessKey: 'other' });
      expect([wrong.status, wrong.xml('Code')]).toEqual([403, 'SignatureDoesNotMatch']);
      const unknown = await send(twin, { ...get, accessKeyId: 'other' });
      expect([unknown.status, unknown.xml('Code')]).toEqual([403, 'InvalidAccessKeyId']);
      expect((await send(twin, { ...get, sessionToken: 'made up' })).xml('Code')).toMatch(/^Invalid(Security)?Token$/);
    });

    it('a clock that is more than 15 minutes off, and tells the time', async () => {
      expect((await send(twin, { ...get, skewMs: -14 * 60_000 })).status).toBe(200);
      const late = await send(twin, { ...get, skewMs: 16 * 60_000 });
      expect([late.status, late.xml('Code')]).toEqual([403, 'RequestTimeTooSkewed']);
      expect(Math.abs(Date.parse(late.xml('ServerTime')!) - Date.now())).toBeLessThan(60_000);
    });
  });

  it('a request without a signature, unless the object is public', async () => {
    expect((await unsigned(twin, get)).xml('Code')).toBe('AccessDenied');
    await twin.store.put('b', 'open', { body: 'public', acl: { canned: 'public-read' } });
    expect((await unsigned(twin, { ...get, key: 'open' })).body).toBe('public');
    expect((await unsigned(twin, { method: 'DELETE', bucket: 'b', key: 'open' })).status).toBe(403);
  });

  it('a presigned URL after its time', async () => {
    expect((await s3Presigned(twin, get, 60)).body).toBe('secret');
    const expired = await s3Presigned(twin, { ...get, skewMs: -120_000 }, 60);
    expect([expired.status, expired.xml('Code'), expired.xml('Message')]).toEqual([
      403,
      'AccessDenied',
      'Request has expired',
    ]);
  });

  it('a body other than the one that was signed', async () => {
    const headers = { 'x-amz-content-sha256': 'a'.repeat(64) };
    const answer = await s3(twin, { method: 'PUT', bucket: 'b', key: 'new', headers, body: 'x' });
    expect(answer.xml('Code')).toBe('XAmzContentSHA256Mismatch');
    expect(twin.store.keys('b', 'new')).toEqual([]);
  });

  it('bad digests', async () => {
    const put = { method: 'PUT', bucket: 'b', key: 'new', body: 'x' };
    const md5 = await oss(twin, { ...put, headers: { 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==' } });
    expect([md5.status, md5.xml('Code')]).toEqual([400, 'InvalidDigest']);
    const hex = await oss(twin, { ...put, headers: { 'content-md5': '5d41402abc4b2a76b9719d911017c592' } });
    expect([hex.xml('Code'), hex.xml('EC')]).toEqual(['InvalidDigest', '0017-00000503']);
    const crc = await s3(twin, { ...put, headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } });
    expect(crc.xml('Code')).toBe('BadDigest');
    expect(twin.store.keys('b', 'new')).toEqual([]);
  });
});

it('asks for the session token it was started with', async () => {
  const twin = await startTwin({ buckets: [{ name: 'b' }], sessionToken: 'sts' });
  const list = { method: 'GET', bucket: 'b' };
  for (const { send } of BOTH) {
    expect((await send(twin, { ...list, sessionToken: 'sts' })).status).toBe(200);
    expect((await send(twin, list)).status).toBe(403);
  }
  await twin.close();
});
