import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { collectMeta, collectPair, parseEndpoint, parseBytes, wholeNumber } from '../../../lib/cli/input/parse.ts';

describe('option values', () => {
  it.each([
    ['1', 1],
    ['64MiB', 64 * 1024 ** 2],
    ['64m', 64_000_000],
    ['64 MB', 64_000_000],
    ['1.5GiB', 1.5 * 1024 ** 3],
    ['5TB', 5e12],
  ])('size %s', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(['', 'MiB', '-5', '0', '5 parsecs', '1e9', '9999999TiB'])('refuses the size "%s"', (text) => {
    expect(() => parseBytes(text)).toThrow(InvalidArgumentError);
  });

  it('reads whole numbers within bounds', () => {
    const parse = wholeNumber(1, 1000);
    expect(parse('16')).toBe(16);
    for (const text of ['0', '1001', '1.5', '', ' 1', '0x10', 'many'])
      expect(() => parse(text)).toThrow(/from 1 to 1000/);
  });

  it('collects pairs', () => {
    expect(collectPair('b=2=3', { a: '1' })).toEqual({ a: '1', b: '2=3' });
    expect(collectPair('empty=')).toEqual({ empty: '' });
    expect(() => collectPair('novalue')).toThrow(/NAME=VALUE/);
    expect(() => collectPair('=x')).toThrow(/NAME=VALUE/);
  });

  it('collects metadata by lower-case names that a header can carry', () => {
    expect(collectMeta('Owner=Ann', { owner: 'Bob' })).toEqual({ owner: 'Ann' });
    expect(() => collectMeta('my name=x')).toThrow(/cannot be a metadata name/);
  });

  it('reads endpoints', () => {
    expect(parseEndpoint('http://127.0.0.1:9470')).toBe('http://127.0.0.1:9470');
    expect(parseEndpoint('oss-cn-hangzhou.aliyuncs.com')).toBe('https://oss-cn-hangzhou.aliyuncs.com');
    expect(parseEndpoint('https://gateway.example/s3/base')).toBe('https://gateway.example/s3/base');
    for (const wrong of ['', 'ftp://host', 'http://user:pass@host', 'http://host/?x=1', 'http://host/#x']) {
      expect(() => parseEndpoint(wrong)).toThrow(/It is no endpoint such as/);
    }
  });
});
