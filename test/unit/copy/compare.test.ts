import { describe, expect, it } from 'vitest';
import type { Content, Layout } from '../../../lib/copy/fidelity/compare.ts';
import { attributeDifferences, compareContent, needsLayout } from '../../../lib/copy/fidelity/compare.ts';
import { expectedFrom } from '../../../lib/copy/fidelity/expected.ts';
import { headerLosses, isAsAsked } from '../../../lib/copy/fidelity/losses.ts';
import type { ObjectHead } from '../../../lib/copy/model/object.ts';
import type { CopyRequest } from '../../../lib/copy/model/request.ts';

const [one, other] = ['a'.repeat(32), 'b'.repeat(32)];
const sha = (value: string) => ({ algorithm: 'SHA256', value, fullObject: false });
const crc = (value: string) => ({ algorithm: 'CRC32', value, fullObject: true });

describe('what two looks tell of the bytes', () => {
  it.each<[string, Partial<Content>, Partial<Content>, string]>([
    ['another size', { size: 1 }, { size: 2 }, 'mismatch'],
    ['equal CRC-64, whatever the ETags', { crc64: '1' }, { crc64: '1' }, 'crc64'],
    ['another CRC-64, although the ETags are equal', { crc64: '1', etag: one }, { crc64: '2', etag: one }, 'mismatch'],
    [
      'a checksum that both have among others',
      { checksums: [sha('x-2'), crc('A')] },
      { checksums: [crc('A')] },
      'checksum',
    ],
    ['another checksum of the whole', { checksums: [crc('A')] }, { checksums: [crc('B')] }, 'mismatch'],
    ['equal ETags in another case', { etag: one.toUpperCase() }, { etag: one }, 'etag'],
    ['other ETags of plain objects', { etag: one }, { etag: other }, 'mismatch'],
    ['other ETags under KMS', { etag: one, encryption: { algorithm: 'aws:kms' } }, { etag: other }, 'undecided'],
    ['other ETags of objects in parts', { etag: `${one}-2` }, { etag: `${other}-2` }, 'undecided'],
    ['one object in parts, the other not', { etag: `${one}-2` }, { etag: other }, 'undecided'],
    ['no ETag at all', { etag: '' }, { etag: '' }, 'undecided'],
  ])('%s', (_, a, b, verdict) => {
    const base = { size: 1, etag: `${one}-1` };
    const plain = { size: 1, etag: `${other}-3` };
    expect(compareContent({ ...base, ...a }, { ...plain, ...b })).toBe(verdict);
  });

  const parts = (etag: string, more: Partial<Content> = {}): Content => ({ size: 9, etag: `${etag}-2`, ...more });
  const layout: Layout = { parts: 2, first: 5 };

  it('decides by other ETags where the layouts are known and equal', () => {
    expect(compareContent(parts(one), parts(other), [layout, layout])).toBe('mismatch');
    expect(compareContent(parts(one), parts(other), [layout, { parts: 2, first: 6 }])).toBe('undecided');
    expect(compareContent(parts(one), parts(other), [layout, undefined])).toBe('undecided');
  });

  it('decides by checksums of parts where the layouts are equal and the ETags are sealed by KMS', () => {
    const sealed = (etag: string, value: string) =>
      parts(etag, { encryption: { algorithm: 'aws:kms' }, checksums: [sha(value)] });
    expect(compareContent(sealed(one, 'x-2'), sealed(other, 'x-2'), [layout, layout])).toBe('checksum');
    expect(compareContent(sealed(one, 'x-2'), sealed(other, 'y-2'), [layout, layout])).toBe('mismatch');
  });

  it('asks for layouts only where they can decide', () => {
    expect(needsLayout(parts(one), parts(other))).toBe(true);
    expect(needsLayout(parts(one), { size: 9, etag: `${other}-3` })).toBe(false);
    expect(needsLayout(parts(one), parts(one))).toBe(false);
  });
});

describe('what two looks tell beside the bytes', () => {
  const head = (more: Partial<ObjectHead> = {}): ObjectHead => ({
    size: 1,
    etag: one,
    lastModified: 0,
    content: { contentType: 'text/plain' },
    userMetadata: {},
    storageClass: 'STANDARD',
    kind: 'normal',
    archived: false,
    clientEncrypted: false,
    ...more,
  });
  const ref = { bucket: 'b', key: 'k' };
  const request: CopyRequest = { mode: 'copy', store: { scheme: 's3' }, source: ref, destination: ref, options: {} };
  const what = (source: ObjectHead, copy: ObjectHead): string[] =>
    attributeDifferences(expectedFrom(source, request), copy).map((difference) => difference.what);

  it('finds nothing in two that are equal', () => {
    const full = head({ redirect: '/x', lock: { legalHold: true }, checksums: [crc('A')], hiddenMetadata: 1 });
    expect(what(full, full)).toEqual([]);
  });

  it('takes an unnamed type for no type', () => {
    expect(what(head({ content: {} }), head({ content: { contentType: 'binary/octet-stream' } }))).toEqual([]);
    expect(what(head({ content: {} }), head())).toEqual(['content:contentType']);
  });

  it('reads the end of a retention in any spelling', () => {
    const until = (time: string) => head({ lock: { mode: 'GOVERNANCE', until: time } });
    expect(what(until('2027-01-01T00:00:00.000Z'), until('2027-01-01T00:00:00Z'))).toEqual([]);
    expect(what(until('2027-01-01T00:00:00.000Z'), until('2027-01-01T00:00:01Z'))).toEqual(['object-lock-until']);
  });

  it('takes a checksum of the whole for one of parts, and not the other way round', () => {
    const sums = (fullObject: boolean) => head({ checksums: [{ ...sha('x'), fullObject }] });
    expect(what(sums(false), sums(true))).toEqual([]);
    expect(what(sums(true), sums(false))).toEqual(['checksum']);
  });

  it('copies once more for what a request can bring about, and for nothing else', () => {
    const source = head({ checksums: [sha('x-2')], hiddenMetadata: 1, others: { 'x-amz-new': '1' }, redirect: '/x' });
    const expected = expectedFrom(source, request);
    expect(isAsAsked(headerLosses(expected, head()), expected)).toBe(false);
    expect(isAsAsked(headerLosses(expected, head({ redirect: '/x' })), expected)).toBe(true);
  });

  it('does not copy once more for a lock that the bucket gives every object', () => {
    const expected = expectedFrom(head(), request);
    const locked = head({ lock: { mode: 'GOVERNANCE', until: '2099-01-01T00:00:00Z' } });
    expect(what(head(), locked)).toEqual(['object-lock']);
    expect(isAsAsked(attributeDifferences(expected, locked), expected)).toBe(true);
    expect(isAsAsked(attributeDifferences(expected, head({ userMetadata: { a: '1' } })), expected)).toBe(false);
  });
});
