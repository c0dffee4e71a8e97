import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  copySource,
  decodeListed,
  encodeKey,
  encodeTags,
  fromWire,
  percentEncode,
  toWire,
} from '../../../lib/store/wire/encode.ts';
import { aHead, bench, copied, failure } from './harness.ts';

/** Keys that some client is known to have broken (I9). */
const oddKeys = [
  ['a//b', 'a//b'],
  ['//', '//'],
  ['./x', './x'],
  ['../x/../y', '../x/../y'],
  ['.', '.'],
  ['..', '..'],
  ['a?b=c&d', 'a%3Fb%3Dc%26d'],
  ['a#b', 'a%23b'],
  ['%41', '%2541'],
  ['a+b c', 'a%2Bb%20c'],
  ['"\'`<>\\^|{}', '%22%27%60%3C%3E%5C%5E%7C%7B%7D'],
  ["!'()*~", '%21%27%28%29%2A~'],
  ['日本/ü😀', '%E6%97%A5%E6%9C%AC/%C3%BC%F0%9F%98%80'],
  ['line\nbreak\r\tand\u0001', 'line%0Abreak%0D%09and%01'],
  [' lead and trail ', '%20lead%20and%20trail%20'],
  ['e\u0301', 'e%CC%81'],
] as const;

describe('a key in the request line', () => {
  it.each(oddKeys)('%j', async (key, encoded) => {
    for (const [endpoint, prefix] of [
      ['http://127.0.0.1:1', '/bkt/'],
      ['https://s3.example.com', '/'],
    ] as const) {
      const { store, sent } = bench('s3', [aHead], { address: { scheme: 's3', endpoint } });
      await store.head({ bucket: 'bkt', key });
      expect(sent[0]?.path).toBe(prefix + encoded);
    }
  });

  it('of 1,024 bytes goes through whole', async () => {
    const key = 'k'.repeat(1021) + '€';
    const { store, sent } = bench('s3', [aHead]);
    await store.head({ bucket: 'bkt', key });
    expect(decodeURIComponent(sent[0]?.path ?? '')).toBe(`/${key}`);
  });

  it('that is no Unicode is refused before anything is sent', async () => {
    const { store, sent } = bench('s3', []);
    expect(await failure(store.head({ bucket: 'bkt', key: 'half \ud83d' }))).toMatchObject({ code: 'BadRequest' });
    expect(sent).toEqual([]);
  });
});

describe('a key in the copy source', () => {
  it.each(oddKeys)('%j', async (key, encoded) => {
    const { store, sent } = bench('oss', [copied]);
    await store.copyObject({
      source: { bucket: 'src', key, versionId: 'CAEQ.-_~1' },
      sourceIfMatch: 'E',
      destination: { bucket: 'dst', key: 'k' },
      metadata: { directive: 'copy' },
      tags: 'copy',
    });
    expect(sent[0]?.headers['x-oss-copy-source']).toBe(`/src/${encoded}?versionId=CAEQ.-_~1`);
  });

  it('is encoded exactly once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (key) => {
        const source = copySource({ bucket: 'b', key });
        expect(source).toMatch(/^\/b\/[A-Za-z0-9\-._~%/]*$/);
        expect(decodeURIComponent(source.slice(3))).toBe(key);
      }),
    );
  });
});

describe('encoders', () => {
  it('percentEncode writes only unreserved characters and upper-case hex, and loses nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const encoded = percentEncode(text);
        expect(encoded).toMatch(/^(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})*$/);
        expect(decodeURIComponent(encoded)).toBe(text);
      }),
    );
  });

  it('encodeKey keeps slashes only', () => {
    expect(encodeKey('a/b c')).toBe('a/b%20c');
    expect(percentEncode('a/b')).toBe('a%2Fb');
  });

  it('decodeListed undoes both ways of writing a space, once', () => {
    expect(decodeListed('a+b%20c%2Bd%252B')).toBe('a b c+d%2B');
  });

  it('encodeTags escapes what would split a query', () => {
    expect(encodeTags({ 'a&b': 'c=d+e f', é: '' })).toBe('a%26b=c%3Dd%2Be%20f&%C3%A9=');
  });

  it('headers travel as UTF-8 bytes and come back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fromWire(toWire(text))).toBe(text);
      }),
    );
    expect(toWire('é')).toBe('\u00c3\u00a9');
    expect(fromWire('\u00e9')).toBe('é');
  });
});
