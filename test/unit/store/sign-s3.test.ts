import { describe, expect, it } from 'vitest';
import { s3 } from '../../../lib/store/dialects/s3.ts';
import type { Signable } from '../../../lib/store/sign/sign.ts';
import { sha256Hex, Signer } from '../../../lib/store/sign/sign.ts';

/** Examples of "Signature Calculations for the Authorization Header" in the Amazon S3 API reference. */
const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const time = Date.UTC(2013, 4, 24);
const host = 'examplebucket.s3.amazonaws.com';
const empty = sha256Hex('');

function request(given: Partial<Signable>): Signable {
  const payloadHash = given.payloadHash ?? empty;
  return {
    method: 'GET',
    canonicalUri: '/',
    query: [],
    ...given,
    payloadHash,
    headers: { host, 'x-amz-content-sha256': payloadHash, ...given.headers },
  };
}

function signature(given: Partial<Signable>): string | undefined {
  const headers = new Signer(s3.signer, 'us-east-1').sign(request(given), keys, time);
  return /Signature=([0-9a-f]{64})$/.exec(headers['authorization'] ?? '')?.[1];
}

describe('published S3 examples', () => {
  it('GET object with a range', () => {
    expect(signature({ canonicalUri: '/test.txt', headers: { range: 'bytes=0-9' } })).toBe(
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });

  it('PUT object', () => {
    const headers = { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' };
    const payloadHash = sha256Hex('Welcome to Amazon S3.');
    expect(signature({ method: 'PUT', canonicalUri: '/test%24file.text', headers, payloadHash })).toBe(
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    );
  });

  it('GET bucket lifecycle: a name without a value', () => {
    expect(signature({ query: [['lifecycle', undefined]] })).toBe(
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    );
  });

  it('list objects', () => {
    const query = [
      ['prefix', 'J'],
      ['max-keys', '2'],
    ] as const;
    expect(signature({ query })).toBe('34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7');
  });

  it('presigned GET', () => {
    const signer = new Signer(s3.signer, 'us-east-1');
    const query = signer.presign(
      { method: 'GET', canonicalUri: '/test.txt', query: [], headers: { host } },
      keys,
      time,
      86_400,
    );
    expect(query.at(-1)).toEqual([
      'X-Amz-Signature',
      'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    ]);
  });
});

/** Cases of Amazon's general SigV4 test suite that need no path normalisation, which S3 does not know. */
describe('general SigV4 test suite', () => {
  const suiteKeys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
  const unreserved = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  it.each<[string, Partial<Signable>, string]>([
    ['get-vanilla', {}, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['post-vanilla', { method: 'POST' }, '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'get-vanilla-query-order-key-case',
      {
        query: [
          ['Param2', 'value2'],
          ['Param1', 'value1'],
        ],
      },
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'get-vanilla-empty-query-key',
      { query: [['Param1', 'value1']] },
      'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb',
    ],
    [
      'get-vanilla-query-unreserved',
      { query: [[unreserved, unreserved]] },
      '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197',
    ],
    [
      'get-unreserved',
      { canonicalUri: `/${unreserved}` },
      '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
    ],
    [
      'get-header-key-duplicate',
      { headers: { 'my-header1': 'value2,value2,value1' } },
      'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
    ],
    [
      'get-header-value-order',
      { headers: { 'my-header1': 'value4,value1,value3,value2' } },
      '08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01',
    ],
    [
      'get-header-value-trim',
      { headers: { 'my-header1': 'value1', 'my-header2': ' "a   b   c" ' } },
      'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
    ],
    [
      'post-header-key-sort',
      { method: 'POST', headers: { 'my-header1': 'value1' } },
      'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
    ],
    [
      'post-header-value-case',
      { method: 'POST', headers: { 'my-header1': 'VALUE1' } },
      'cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d',
    ],
    [
      'post-vanilla-query',
      { method: 'POST', query: [['Param1', 'value1']] },
      '28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11',
    ],
    [
      'post-x-www-form-urlencoded',
      { method: 'POST', headers: form, payloadHash: sha256Hex('Param1=value1') },
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
  ])('%s', (_name, given, expected) => {
    const signer = new Signer({ ...s3.signer, service: 'service' }, 'us-east-1');
    const signed = signer.sign(
      {
        method: 'GET',
        canonicalUri: '/',
        query: [],
        payloadHash: empty,
        ...given,
        headers: { host: 'example.amazonaws.com', ...given.headers },
      },
      suiteKeys,
      Date.UTC(2015, 7, 30, 12, 36),
    );
    expect(signed['authorization']).toMatch(new RegExp(`Signature=${expected}$`));
  });
});
