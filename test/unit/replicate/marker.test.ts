import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ObjectHead } from '../../../lib/copy/model/object.ts';
import {
  authorOf,
  compareStamps,
  formatMarker,
  markerName,
  metadataDigest,
  parseMarker,
  placeHash,
  ruleHash,
  type Marker,
} from '../../../lib/replicate/loops/marker.ts';

const none: ReadonlySet<string> = new Set();
const here = { bucket: 'b', key: 'k' };
const etag = 'd41d8cd98f00b204e9800998ecf8427e';

const head = (more: Partial<ObjectHead> = {}): ObjectHead => ({
  size: 3,
  etag,
  lastModified: 1_000_000,
  content: { contentType: 'text/plain' },
  userMetadata: { note: 'x' },
  storageClass: 'STANDARD',
  kind: 'normal',
  archived: false,
  clientEncrypted: false,
  ...more,
});

const marker = (more: Partial<Marker> = {}): Marker => ({
  origin: { at: 1000, etag, digest: 'd' },
  chain: [placeHash({ bucket: 'a', key: 'k' }), { rule: ruleHash('r'), place: placeHash(here) }],
  sourceEtag: etag,
  contentEtag: true,
  size: 3,
  digest: metadataDigest(head(), none),
  edits: 0,
  ...more,
});

const replica = (more: Partial<ObjectHead> = {}, statement = marker()): ObjectHead => {
  const made = head(more);
  return { ...made, userMetadata: { ...made.userMetadata, [markerName]: formatMarker(statement) } };
};

describe('text', () => {
  test('is read as it was written, and safe in a header', () => {
    const step = fc.nat().map((n) => ({ rule: ruleHash(`${n}`), place: placeHash({ bucket: 'x', key: `${n}` }) }));
    const places = fc.array(step, { minLength: 1, maxLength: 32 });
    const texts = fc.string({ unit: 'grapheme', maxLength: 40 });
    fc.assert(
      fc.property(places, texts, fc.maxSafeNat(), fc.nat(), (steps, text, size, edits) => {
        const written = marker({
          chain: [placeHash(here), ...steps],
          sourceEtag: text,
          origin: { at: edits, etag: text, digest: 'd' },
          size,
          edits,
        });
        const formatted = formatMarker(written);
        expect(formatted).toMatch(/^[\x21-\x7e]*$/);
        expect(parseMarker(formatted)).toEqual(written);
      }),
    );
  });

  test('leaves room for the metadata of the user in the longest loop', () => {
    const chain = Array.from({ length: 32 }, () => ({ rule: ruleHash('r'), place: placeHash(here) }));
    const long = 'f'.repeat(32) + '-10000';
    const text = formatMarker(
      marker({
        chain: [placeHash(here), ...chain],
        sourceEtag: long,
        origin: { at: 4e9, etag: long, digest: 'd'.repeat(10) },
        size: 5e13,
      }),
    );
    expect(text.length).toBeLessThan(700);
  });

  test.each([
    undefined,
    '',
    'x',
    '2;a;b;c;d;1;3;d;0;p.rp',
    '1;;;;;;;;;',
    '1;a;%;c;d;1;3;d;0;p.rrrrp',
    '1;a;b;c;d;1;3;d;0;p',
  ])('anything else is none: %s', (text) => {
    expect(parseMarker(text)).toBeUndefined();
  });
});

describe('who wrote it', () => {
  test('we, when everything agrees', () => {
    expect(authorOf(here, replica(), none)).toEqual({ by: 'us', marker: marker() });
    expect(authorOf(here, replica({ etag: etag.toUpperCase() }), none).by).toBe('us');
  });

  test.each<[string, ObjectHead]>([
    ['no marker', head()],
    ['other metadata', replica({ userMetadata: { note: 'y' } })],
    ['more metadata', replica({ userMetadata: { note: 'x', more: '' } })],
    ['another content type', replica({ content: { contentType: 'text/html' } })],
    ['another size', replica({ size: 4 })],
    ['another ETag', replica({ etag: 'e'.repeat(32) })],
  ])('its user, with %s', (_what, object) => {
    expect(authorOf(here, object, none).by).toBe('user');
  });

  test('its user, at another place, and then it is no edit of a replica', () => {
    expect(authorOf({ bucket: 'b', key: 'other' }, replica(), none)).toEqual({ by: 'user', edits: 0 });
    expect(authorOf(here, replica({ size: 4 }), none)).toEqual({ by: 'user', edits: 1 });
  });

  test('ETags that are not made of content say nothing', () => {
    expect(authorOf(here, replica({ etag: `${'e'.repeat(32)}-2` }), none).by).toBe('us');
    expect(authorOf(here, replica({ etag: 'e'.repeat(32), encryption: { algorithm: 'aws:kms' } }), none).by).toBe('us');
    expect(authorOf(here, replica({ etag: 'e'.repeat(32) }, marker({ contentEtag: false })), none).by).toBe('us');
  });

  test('metadata that rules add says nothing', () => {
    const added = new Set(['origin']);
    const object = replica({ userMetadata: { note: 'x', origin: 'a' } });
    expect(authorOf(here, object, added).by).toBe('us');
    expect(authorOf(here, object, none).by).toBe('user');
  });
});

test('stamps have one order: time, then ETag, then metadata', () => {
  const stamps = fc.record({ at: fc.nat(2), etag: fc.constantFrom('a', 'B', 'c'), digest: fc.constantFrom('x', 'y') });
  fc.assert(
    fc.property(stamps, stamps, stamps, (a, b, c) => {
      expect(Math.sign(compareStamps(a, b))).toBe(-Math.sign(compareStamps(b, a)) + 0);
      expect(compareStamps(a, b) === 0).toBe(a.at === b.at && a.etag === b.etag && a.digest === b.digest);
      if (compareStamps(a, b) > 0 && compareStamps(b, c) > 0) expect(compareStamps(a, c)).toBeGreaterThan(0);
    }),
  );
  expect(compareStamps({ at: 2, etag: 'a', digest: '' }, { at: 1, etag: 'z', digest: '' })).toBeGreaterThan(0);
  expect(compareStamps({ at: 1, etag: 'z', digest: '' }, { at: 1, etag: 'a', digest: '' })).toBeGreaterThan(0);
});
