import { describe, expect, it } from 'vitest';
import { oss } from '../../../lib/store/dialects/oss.ts';
import type { Credentials } from '../../../lib/store/sign/credentials.ts';
import type { Signable } from '../../../lib/store/sign/sign.ts';
import { Signer, unsignedPayload } from '../../../lib/store/sign/sign.ts';

// Vectors A to F are those of Alibaba Cloud's own SDK tests, G is the example of its V4 documentation page, H and I were
// derived once and agree with two other signers.

const keys: Credentials = { accessKeyId: 'ak', secretAccessKey: 'sk' };
const withToken: Credentials = { ...keys, sessionToken: 'token' };

const base: Signable = {
  method: 'PUT',
  canonicalUri: '/bucket/1234%2B-/123/1.txt',
  query: [
    ['param1', 'value1'],
    ['+param1', 'value3'],
    ['|param1', 'value4'],
    ['+param2', undefined],
    ['|param2', undefined],
    ['param2', undefined],
  ],
  headers: {
    'x-oss-head1': 'value',
    abc: 'value',
    zabc: 'value',
    xyz: 'value',
    'content-type': 'text/plain',
    'x-oss-content-sha256': unsignedPayload,
  },
  payloadHash: unsignedPayload,
};

const signer = () => new Signer(oss.signer, 'cn-hangzhou');

function signatureOf(headers: Record<string, string>): string | undefined {
  return /Signature=([0-9a-f]{64})$/.exec(headers['authorization'] ?? '')?.[1];
}

describe('OSS V4 header signature', () => {
  it('A: canonical request and signature', () => {
    const headers = { ...base.headers, 'x-oss-date': '20231216T162057Z' };
    expect(signer().canonicalRequest({ ...base, headers })).toBe(
      'PUT\n/bucket/1234%2B-/123/1.txt\n%2Bparam1=value3&%2Bparam2&%7Cparam1=value4&%7Cparam2&param1=value1&param2\n' +
        'content-type:text/plain\nx-oss-content-sha256:UNSIGNED-PAYLOAD\nx-oss-date:20231216T162057Z\nx-oss-head1:value\n' +
        '\n\nUNSIGNED-PAYLOAD',
    );
    const signed = signer().sign(base, keys, 1702743657_000);
    expect(signed['authorization']).toBe(
      'OSS4-HMAC-SHA256 Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request,' +
        'Signature=e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe',
    );
  });

  it('B: with a session token', () => {
    const signed = signer().sign(base, withToken, 1702784856_000);
    expect(signed['x-oss-security-token']).toBe('token');
    expect(signatureOf(signed)).toBe('b94a3f999cf85bcdc00d332fbd3734ba03e48382c36fa4d5af5df817395bd9ea');
  });

  it('C: with additional headers', () => {
    const signed = signer().sign({ ...base, additional: ['abc', 'zabc'] }, keys, 1702747512_000);
    expect(signed['authorization']).toContain(',AdditionalHeaders=abc;zabc,');
    expect(signatureOf(signed)).toBe('4a4183c187c07c8947db7620deb0a6b38d9fbdd34187b6dbaccb316fa251212f');
  });

  it('D: another product and region', () => {
    const box = new Signer({ ...oss.signer, service: 'oss-cloudbox' }, 'cb-123');
    expect(signatureOf(box.sign(base, keys, 1702743657_000))).toBe(
      '94ce1f12c17d148ea681030275a94449d3357f5b5b21133996eec80af3e08a43',
    );
  });

  it('G: the example of the documentation, host signed as well', () => {
    const request: Signable = {
      method: 'PUT',
      canonicalUri: '/examplebucket/exampleobject',
      query: [],
      headers: {
        'content-md5': 'eB5eJF1ptWaXm4bijSPyxw',
        'content-type': 'text/html',
        host: 'examplebucket.oss-cn-hangzhou.aliyuncs.com',
        'x-oss-meta-author': 'alice',
        'x-oss-meta-magic': 'abracadabra',
        'x-oss-content-sha256': unsignedPayload,
      },
      additional: ['host'],
      payloadHash: unsignedPayload,
    };
    const example = { accessKeyId: 'accesskeyid', secretAccessKey: 'accesskeysecret' };
    expect(signatureOf(signer().sign(request, example, Date.UTC(2023, 11, 3, 12, 12, 12)))).toBe(
      '4b663e424d2db9967401ff6ce1c86f8c83cabd77d9908475239d9110642c63fa',
    );
    const headers = {
      host: 'examplebucket.oss-cn-hangzhou.aliyuncs.com',
      'x-oss-meta-author': 'alice',
      'x-oss-meta-magic': 'abracadabra',
    };
    const query = signer().presign({ ...request, headers }, example, Date.UTC(2023, 11, 3, 12, 12, 12), 86_400);
    expect(query.at(-1)).toEqual([
      'x-oss-signature',
      '2c6c9f10d8950fb150290ef6f42570e33cd45d6a57ec7887de75fa2ec45b4c72',
    ]);
  });

  const time = Date.UTC(2024, 0, 2, 3, 4, 5);
  const copy: Signable = {
    method: 'PUT',
    canonicalUri: '/dst-bucket/dir/%E7%9B%AE%E6%A0%87%20%2B1.bin',
    query: [],
    headers: {
      'x-oss-content-sha256': unsignedPayload,
      'x-oss-copy-source': '/src-bucket/dir/%E6%BA%90%20%2B1.bin',
    },
    payloadHash: unsignedPayload,
  };

  it('H: CopyObject', () => {
    const headers = { ...copy.headers, 'x-oss-metadata-directive': 'COPY' };
    expect(signatureOf(signer().sign({ ...copy, headers }, keys, time))).toBe(
      '8402b44357a2d51edb82dd0a83d2f796a265a43b15de906251698da567251acc',
    );
  });

  it('I: UploadPartCopy with a session token', () => {
    const headers = { ...copy.headers, 'x-oss-copy-source-range': 'bytes=0-1048575' };
    const query = [
      ['partNumber', '1'],
      ['uploadId', '0004B9895DBBB6EC98E36'],
    ] as const;
    expect(signatureOf(signer().sign({ ...copy, query, headers }, withToken, time))).toBe(
      '3699605438ff5e8c6881017dcffcde0632424335834d680ad138e6f2a0b999c4',
    );
  });
});

describe('OSS V4 presigned URL', () => {
  const { 'x-oss-content-sha256': _unsent, ...rest } = base.headers;
  const request = { ...base, headers: { ...rest, 'content-type': 'application/octet-stream' } };

  it('E', () => {
    expect(signer().presign(request, keys, 1702781677_000, 599).at(-1)?.[1]).toBe(
      'a39966c61718be0d5b14e668088b3fa07601033f6518ac7b523100014269c0fe',
    );
  });

  it('F: with a session token', () => {
    const query = signer().presign(request, withToken, 1702785388_000, 599);
    expect(query).toContainEqual(['x-oss-security-token', 'token']);
    expect(query.at(-1)?.[1]).toBe('3817ac9d206cd6dfc90f1c09c00be45005602e55898f26f5ddb06d7892e1f8b5');
  });
});

describe('the key of the day', () => {
  it('is renewed with the day and with the secret', () => {
    const one = signer();
    const fresh = (time: number, credentials: Credentials) => signer().sign(base, credentials, time)['authorization'];
    const other = { ...keys, secretAccessKey: 'other' };
    const times: [number, Credentials][] = [
      [1702743657_000, keys],
      [1702743658_000, keys],
      [1702830057_000, keys],
      [1702830057_000, other],
      [1702743657_000, keys],
    ];
    for (const [time, credentials] of times) {
      expect(one.sign(base, credentials, time)['authorization']).toBe(fresh(time, credentials));
    }
  });
});
