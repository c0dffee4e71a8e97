import { describe, expect, it } from 'vitest';
import type { StoreAddress } from '../../../lib/copy/model/object.ts';
import { oss } from '../../../lib/store/dialects/oss.ts';
import { s3 } from '../../../lib/store/dialects/s3.ts';
import type { AddressingOptions } from '../../../lib/store/http/addressing.ts';
import { resolveAddressing } from '../../../lib/store/http/addressing.ts';

function urlOf(address: StoreAddress, options: AddressingOptions = {}, bucket = 'bkt'): string {
  const target = resolveAddressing(address, address.scheme === 'oss' ? oss : s3, options).target(bucket, 'k/1');
  return `${target.origin}${target.path}`;
}

function canonical(address: StoreAddress, options: AddressingOptions = {}): string {
  return resolveAddressing(address, address.scheme === 'oss' ? oss : s3, options).target('bkt', 'k/1').canonicalUri;
}

describe('vendor endpoints', () => {
  it.each<[StoreAddress, AddressingOptions, string]>([
    [{ scheme: 'oss', region: 'cn-hangzhou' }, {}, 'https://bkt.oss-cn-hangzhou.aliyuncs.com/k/1'],
    [{ scheme: 'oss', region: 'oss-cn-hangzhou' }, {}, 'https://bkt.oss-cn-hangzhou.aliyuncs.com/k/1'],
    [
      { scheme: 'oss', region: 'cn-hangzhou' },
      { internal: true },
      'https://bkt.oss-cn-hangzhou-internal.aliyuncs.com/k/1',
    ],
    [{ scheme: 's3', region: 'eu-west-3' }, {}, 'https://bkt.s3.eu-west-3.amazonaws.com/k/1'],
    [{ scheme: 's3' }, {}, 'https://bkt.s3.us-east-1.amazonaws.com/k/1'],
    [{ scheme: 's3', region: 'cn-north-1' }, {}, 'https://bkt.s3.cn-north-1.amazonaws.com.cn/k/1'],
    [{ scheme: 's3', region: 'cn-north-1', endpoint: 'https://s3.example' }, {}, 'https://bkt.s3.example/k/1'],
  ])('%j %j', (address, options, url) => {
    expect(urlOf(address, options)).toBe(url);
  });
});

describe('custom endpoints', () => {
  it.each<[string, AddressingOptions, string]>([
    ['http://127.0.0.1:9000', {}, 'http://127.0.0.1:9000/bkt/k/1'],
    ['http://[::1]:9000', {}, 'http://[::1]:9000/bkt/k/1'],
    ['http://localhost:9470/', {}, 'http://localhost:9470/bkt/k/1'],
    ['http://minio:9000', {}, 'http://minio:9000/bkt/k/1'],
    ['https://s3.example.com', {}, 'https://bkt.s3.example.com/k/1'],
    ['https://s3.example.com', { addressing: 'path' }, 'https://s3.example.com/bkt/k/1'],
    ['http://localhost:9470', { addressing: 'virtual' }, 'http://bkt.localhost:9470/k/1'],
    ['https://photos.example.com', { cname: true }, 'https://photos.example.com/k/1'],
    ['s3.example.com', {}, 'https://bkt.s3.example.com/k/1'],
    [
      'https://project.example.co/storage/v1/s3',
      { addressing: 'path' },
      'https://project.example.co/storage/v1/s3/bkt/k/1',
    ],
  ])('%s %j', (endpoint, options, url) => {
    expect(urlOf({ scheme: 's3', endpoint, region: 'us-east-1' }, options)).toBe(url);
  });

  it('a bucket with dots goes into the path where a wildcard certificate would not cover it', () => {
    expect(urlOf({ scheme: 's3' }, {}, 'my.bucket')).toBe('https://s3.us-east-1.amazonaws.com/my.bucket/k/1');
    expect(urlOf({ scheme: 's3', endpoint: 'http://s3.example.com' }, {}, 'my.bucket')).toBe(
      'http://my.bucket.s3.example.com/k/1',
    );
    expect(urlOf({ scheme: 's3' }, {}, 'Old_Bucket')).toBe('https://s3.us-east-1.amazonaws.com/Old_Bucket/k/1');
  });
});

describe('the signature', () => {
  it('names the bucket on OSS however it is addressed, CNAME included', () => {
    expect(canonical({ scheme: 'oss', region: 'cn-hangzhou' })).toBe('/bkt/k/1');
    expect(canonical({ scheme: 'oss', region: 'cn-hangzhou', endpoint: 'http://127.0.0.1:1' })).toBe('/bkt/k/1');
    expect(
      canonical({ scheme: 'oss', region: 'cn-hangzhou', endpoint: 'https://img.example.com' }, { cname: true }),
    ).toBe('/bkt/k/1');
  });

  it('is over the path sent on S3', () => {
    expect(canonical({ scheme: 's3' })).toBe('/k/1');
    expect(canonical({ scheme: 's3', endpoint: 'http://127.0.0.1:1' })).toBe('/bkt/k/1');
    expect(canonical({ scheme: 's3', endpoint: 'https://a.example/s3' }, { addressing: 'path' })).toBe('/s3/bkt/k/1');
  });

  it('for buckets and for the service itself', () => {
    const target = resolveAddressing({ scheme: 'oss', region: 'cn-hangzhou' }, oss, {}).target;
    expect(target('bkt')).toMatchObject({ path: '/', canonicalUri: '/bkt/' });
    expect(target()).toMatchObject({ path: '/', canonicalUri: '/', origin: 'https://oss-cn-hangzhou.aliyuncs.com' });
  });
});

describe('the region', () => {
  it('is read from an endpoint of the vendor', () => {
    const read = (endpoint: string) => resolveAddressing({ scheme: 'oss', endpoint }, oss, {}).region;
    expect(read('oss-cn-shenzhen.aliyuncs.com')).toBe('cn-shenzhen');
    expect(read('https://oss-ap-southeast-1-internal.aliyuncs.com')).toBe('ap-southeast-1');
    const readS3 = (endpoint: string) => resolveAddressing({ scheme: 's3', endpoint }, s3, {}).region;
    expect(readS3('https://s3.eu-west-3.amazonaws.com')).toBe('eu-west-3');
    expect(readS3('https://s3.dualstack.us-gov-west-1.amazonaws.com')).toBe('us-gov-west-1');
    expect(readS3('https://s3.amazonaws.com')).toBe('us-east-1');
    expect(readS3('https://minio.example.com')).toBe('us-east-1');
  });

  it.each<[StoreAddress['scheme'], string, string]>([
    ['s3', 'https://bucket.vpce-1a2b3c4d-5e6f.s3.eu-west-1.vpce.amazonaws.com', 'eu-west-1'],
    ['s3', 'https://s3-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['s3', 'https://s3-fips.dualstack.us-east-2.amazonaws.com', 'us-east-2'],
    ['s3', 'https://s3.dualstack.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['s3', 'https://s3-ap-southeast-2.amazonaws.com', 'ap-southeast-2'],
    ['s3', 'https://s3.eusc-de-east-1.amazonaws.eu', 'eusc-de-east-1'],
    ['s3', 'https://photos.s3.eu-north-1.amazonaws.com', 'eu-north-1'],
    ['s3', 'https://s3-external-1.amazonaws.com', 'us-east-1'],
    ['oss', 'https://cn-shanghai-internal.oss-data-acc.aliyuncs.com', 'cn-shanghai'],
    ['oss', 'https://cn-hangzhou.oss.aliyuncs.com', 'cn-hangzhou'],
    ['oss', 'https://s3.oss-us-west-1.aliyuncs.com', 'us-west-1'],
    ['oss', 'oss-cn-shenzhen-finance-1-internal.aliyuncs.com', 'cn-shenzhen-finance-1'],
  ])('of %s is read from %s', (scheme, endpoint, region) => {
    expect(resolveAddressing({ scheme, endpoint }, scheme === 'oss' ? oss : s3, {}).region).toBe(region);
  });

  it.each<[StoreAddress['scheme'], string]>([
    ['s3', 'https://s3-accelerate.amazonaws.com'],
    ['s3', 'https://s3-accelerate.dualstack.amazonaws.com'],
    ['s3', 'https://mfzwi23gnjvgw.accesspoint.s3-global.amazonaws.com'],
    ['oss', 'https://oss-accelerate.aliyuncs.com'],
    ['oss', 'https://oss-accelerate-overseas.aliyuncs.com'],
    ['oss', 'https://something-new.aliyuncs.com'],
  ])('of %s is asked for where %s holds none, and taken as given', (scheme, endpoint) => {
    const dialect = scheme === 'oss' ? oss : s3;
    expect(() => resolveAddressing({ scheme, endpoint }, dialect, {})).toThrow(
      /does not tell it\. Give it with --region/,
    );
    expect(resolveAddressing({ scheme, endpoint, region: 'cn-beijing' }, dialect, {}).region).toBe('cn-beijing');
  });

  it.each<[string, string, string | undefined]>([
    [
      'https://s3-fips.dualstack.us-east-2.amazonaws.com',
      'us-west-2',
      'https://s3-fips.dualstack.us-west-2.amazonaws.com',
    ],
    ['https://s3-ap-southeast-2.amazonaws.com', 'eu-west-1', 'https://s3.eu-west-1.amazonaws.com'],
    ['https://s3.amazonaws.com', 'eu-west-1', 'https://s3.eu-west-1.amazonaws.com'],
    ['https://s3-accelerate.amazonaws.com', 'eu-west-1', 'https://s3-accelerate.amazonaws.com'],
    ['https://bucket.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com', 'eu-west-1', undefined],
    ['https://s3.us-east-1.amazonaws.com', 'cn-north-1', undefined],
    ['http://127.0.0.1:9000', 'eu-west-1', 'http://127.0.0.1:9000'],
  ])('%s leads to buckets of %s at %s', (endpoint, region, origin) => {
    const there = resolveAddressing({ scheme: 's3', endpoint, region: 'us-east-1' }, s3, {}).elsewhere(region);
    expect(there?.target().origin).toBe(origin);
  });

  it('must be known for OSS', () => {
    expect(() => resolveAddressing({ scheme: 'oss', endpoint: 'https://img.example.com' }, oss, {})).toThrow(
      /OSS_REGION/,
    );
  });
});

describe('what cannot be an address', () => {
  it.each(['ftp://x.example', 'https://', 'https://user:pw@x.example', 'https://x.example/?a=b', 'not a url'])(
    'endpoint %s',
    (endpoint) => {
      expect(() => resolveAddressing({ scheme: 's3', endpoint }, s3, {})).toThrow(/endpoint/);
    },
  );

  it('never repeats a password', () => {
    expect(() => resolveAddressing({ scheme: 's3', endpoint: 'https://user:pw@x.example' }, s3, {})).not.toThrow(/pw/);
  });

  it.each(['evil.example/x', 'a@b', 'a..b', '..', '', 'a b', '-a', 'a#b', 'a:1'])('bucket %j', (bucket) => {
    expect(() => urlOf({ scheme: 's3' }, {}, bucket)).toThrow(/bucket name/);
    expect(() => urlOf({ scheme: 's3' }, { addressing: 'path' }, bucket)).toThrow(/bucket name/);
  });
});
