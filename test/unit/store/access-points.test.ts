import { describe, expect, it } from 'vitest';
import { checkRequest } from '../../../lib/copy/plan/check-request.ts';
import { objectUrlPattern, locate } from '../../../lib/api/callers/object-url.ts';
import { loadRules } from '../../../lib/replicate/rules/rules.ts';
import { oss } from '../../../lib/store/dialects/oss.ts';
import { s3 } from '../../../lib/store/dialects/s3.ts';
import { resolveAddressing } from '../../../lib/store/http/addressing.ts';
import { Routes } from '../../../lib/store/http/routes.ts';
import { openStore } from '../../../lib/store/open.ts';
import { copySource } from '../../../lib/store/wire/encode.ts';

const arn = 'arn:aws:s3:us-west-2:123456789012:accesspoint:my-point';
const address = (endpoint?: string, region = 'us-west-2') => ({ scheme: 's3' as const, endpoint, region });

describe('the host of an access point', () => {
  it.each([
    ['the usual endpoint', undefined, 'my-point-123456789012.s3-accesspoint.us-west-2.amazonaws.com'],
    [
      'FIPS',
      'https://s3-fips.us-west-2.amazonaws.com',
      'my-point-123456789012.s3-accesspoint-fips.us-west-2.amazonaws.com',
    ],
    [
      'FIPS and dual-stack',
      'https://s3-fips.dualstack.us-west-2.amazonaws.com',
      'my-point-123456789012.s3-accesspoint-fips.dualstack.us-west-2.amazonaws.com',
    ],
    ["a store of one's own", 'https://store.example:8443', 'my-point-123456789012.store.example:8443'],
  ])('at %s is %s -> %s', (_name, endpoint, host) => {
    const target = resolveAddressing(address(endpoint), s3, {}).target(arn, 'a b/c');
    expect(target).toEqual({ origin: `https://${host}`, host, path: '/a%20b/c', canonicalUri: '/a%20b/c' });
  });

  it('is none for OSS: its signature goes to no host of Amazon', () => {
    const { target } = resolveAddressing({ scheme: 'oss', region: 'cn-hangzhou' }, oss, {});
    expect(() => target(arn, 'k')).toThrow('is an ARN, and OSS knows access points by none');
  });

  it('is in the region of the ARN, and its requests are signed for that', () => {
    const routes = new Routes(s3.signer, resolveAddressing(address(undefined, 'eu-west-1'), s3, {}));
    const { addressing } = routes.of({ operation: 'HeadObject', bucket: arn });
    expect([addressing.region, addressing.target(arn, 'k').host]).toEqual([
      'us-west-2',
      'my-point-123456789012.s3-accesspoint.us-west-2.amazonaws.com',
    ]);
  });

  it('is not looked for at an endpoint that leads to one region only', () => {
    const endpoint = 'https://bucket.vpce-1a2b-3c4d.s3.eu-west-1.vpce.amazonaws.com';
    const routes = new Routes(s3.signer, resolveAddressing(address(endpoint, 'eu-west-1'), s3, {}));
    expect(() => routes.of({ operation: 'HeadObject', bucket: arn })).toThrow('give --region us-west-2');
  });
});

it('an object behind an access point has an ARN of its own as copy source', () => {
  expect(decodeURIComponent(copySource({ bucket: arn, key: 'a b/ü', versionId: 'v1' }))).toBe(
    'arn:aws:s3:us-west-2:123456789012:accesspoint/my-point/object/a b/ü?versionId=v1',
  );
});

it('URLs of the API take both forms of the ARN', () => {
  const slashed = `s3://${arn.replace(':my', '/my')}/k/l`;
  expect(objectUrlPattern.test(slashed)).toBe(true);
  expect(locate(slashed, { s3: address() })).toMatchObject({ bucket: arn, key: 'k/l' });
});

it('rules refuse access points on either side, for events and loops go by the names of buckets', () => {
  for (const [from, to] of [
    [arn, 'backup'],
    ['photos', arn],
    ['photos', 'x-abc-s3alias'],
  ] as const) {
    const rules = [{ name: 'all', source: { bucket: from }, destination: { bucket: to } }];
    expect(() => loadRules({ rules }, { defaultStore: address() })).toThrow('is an access point');
  }
});

describe('a directory bucket', () => {
  const bucket = 'photos--use1-az4--x-s3';
  const facts = (endpoint?: string) =>
    openStore({ address: address(endpoint), credentials: async () => ({ accessKeyId: 'a', secretAccessKey: 'b' }) })
      .facts;
  const request = (from: string, to: string) => ({
    ...{ mode: 'copy' as const, store: address(), options: {} },
    ...{ source: { bucket: from, key: 'k' }, destination: { bucket: to, key: 'k' } },
  });

  it('is refused by name on either side, before any request', () => {
    for (const [from, to] of [
      [bucket, 'backup'],
      ['photos', bucket],
    ] as const)
      expect(() => checkRequest(request(from, to), facts())).toThrow(/directory bucket \(S3 Express One Zone\)/);
    expect(() => resolveAddressing(address(), s3, {}).target(bucket)).toThrow('directory bucket');
  });

  it("is a name like any other at a store that is not Amazon's", () => {
    const endpoint = 'https://store.example';
    expect(() => checkRequest(request(bucket, 'backup'), facts(endpoint))).not.toThrow();
    expect(resolveAddressing(address(endpoint), s3, {}).target(bucket).host).toBe(`${bucket}.store.example`);
  });
});
