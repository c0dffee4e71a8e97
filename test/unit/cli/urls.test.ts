import { describe, expect, it } from 'vitest';
import { formatUrl, parseObjectUrl, parseTransfer, parseUrl } from '../../../lib/cli/input/urls.ts';
import { UsageError } from '../../../lib/cli/process/exit.ts';

describe('parseUrl', () => {
  it.each([
    ['oss://photos/a.jpg', { scheme: 'oss', bucket: 'photos', key: 'a.jpg', bare: false }],
    ['s3://photos', { scheme: 's3', bucket: 'photos', key: '', bare: true }],
    ['s3://photos/', { scheme: 's3', bucket: 'photos', key: '', bare: false }],
    ['OSS://photos/x', { scheme: 'oss', bucket: 'photos', key: 'x', bare: false }],
    ['oss://photos//a//b/', { scheme: 'oss', bucket: 'photos', key: '/a//b/', bare: false }],
    ['oss://photos/a b+c%20d?e#f"g', { scheme: 'oss', bucket: 'photos', key: 'a b+c%20d?e#f"g', bare: false }],
    ['s3://My_Old.Bucket/Ünïcödé/目标', { scheme: 's3', bucket: 'My_Old.Bucket', key: 'Ünïcödé/目标', bare: false }],
    ['s3://photos/line\nbreak', { scheme: 's3', bucket: 'photos', key: 'line\nbreak', bare: false }],
  ])('%s', (text, url) => {
    expect(parseUrl(text)).toEqual(url);
  });

  it.each([
    ['gs://photos/a', /"gs:\/\/" is not a store ferry knows/],
    ['https://photos.oss-cn-hangzhou.aliyuncs.com/a', /"https:\/\/" is not a store/],
    ['photos/a.jpg', /not a store URL.*local files/],
    ['./a.jpg', /not a store URL/],
    ['', /not a store URL/],
    ['oss:///a.jpg', /"" cannot be a bucket name/],
    ['oss://-x/a', /"-x" cannot be a bucket name/],
    ['oss://user@host/a', /cannot be a bucket name/],
  ])('refuses %s', (text, message) => {
    expect(() => parseUrl(text)).toThrow(UsageError);
    expect(() => parseUrl(text)).toThrow(message);
  });

  it('is the inverse of formatUrl', () => {
    expect(formatUrl(parseUrl('oss://photos/a%2Fb c'))).toBe('oss://photos/a%2Fb c');
  });

  it('wants a key where one object is meant', () => {
    expect(() => parseObjectUrl('oss://photos/')).toThrow(/names a bucket/);
  });
});

describe('parseTransfer', () => {
  it('takes one object to the name given', () => {
    expect(parseTransfer('oss://a/x/1.bin', 'oss://b/y.bin', { versionId: 'v1' })).toEqual({
      kind: 'object',
      scheme: 'oss',
      source: { bucket: 'a', key: 'x/1.bin', versionId: 'v1' },
      destination: { bucket: 'b', key: 'y.bin' },
    });
  });

  it.each([
    ['oss://b/dir/', 'dir/1.bin'],
    ['oss://b/', '1.bin'],
    ['oss://b', '1.bin'],
  ])('keeps the last name into %s', (to, key) => {
    expect(parseTransfer('oss://a/x/1.bin', to, {})).toMatchObject({ destination: { bucket: 'b', key } });
  });

  it.each([
    ['s3://a/logs/', 's3://b/old/', {}, 'logs/', 'old/'],
    ['s3://a/logs/', 's3://b/old', {}, 'logs/', 'old/'],
    ['s3://a/logs', 's3://b', { recursive: true }, 'logs/', ''],
    ['s3://a/', 's3://b/all/', {}, '', 'all/'],
    ['s3://a', 's3://b', { recursive: true }, '', ''],
  ])('takes %s to %s as prefixes', (from, to, flags, source, destination) => {
    expect(parseTransfer(from, to, flags)).toEqual({
      kind: 'prefix',
      scheme: 's3',
      source: { bucket: 'a', prefix: source },
      destination: { bucket: 'b', prefix: destination },
    });
  });

  it.each([
    ['oss://a/x', 's3://b/x', {}, /both must be in the same store/],
    ['oss://a/x', 'oss://a/x', {}, /same object.*ferry meta/],
    ['oss://a/d/x', 'oss://a/d/', {}, /same object/],
    ['oss://a', 'oss://b/', {}, /whole bucket/],
    ['oss://a/d/', 'oss://a/d/', {}, /the same: oss:\/\/a\/d\//],
    ['oss://a/d/', 'oss://a/d/e/', {}, /lies inside/],
    ['oss://a/', 'oss://a/copy/', {}, /lies inside/],
    ['oss://a/d/', 'oss://b/', { versionId: 'v' }, /one object/],
  ])('refuses %s to %s', (from, to, flags, message) => {
    expect(() => parseTransfer(from, to, flags)).toThrow(UsageError);
    expect(() => parseTransfer(from, to, flags)).toThrow(message);
  });

  it('allows a destination that contains the source, and a neighbour with a common start', () => {
    expect(parseTransfer('oss://a/d/e/', 'oss://a/d/', {}).kind).toBe('prefix');
    expect(parseTransfer('oss://a/log/', 'oss://a/log2/', {}).kind).toBe('prefix');
  });
});
