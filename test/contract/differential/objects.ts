/** The objects that are copied: drawn from a seed, each with some of everything that can be lost. */
import type { Random } from '../../simulation/random.ts';
import { random } from '../../simulation/random.ts';
import type { ChecksumAlgorithm } from '../../../lib/twin/model/object.ts';
import type { Place } from './look.ts';
import type { Server } from './wire.ts';

export interface Checksum {
  algorithm: ChecksumAlgorithm;
  type: 'FULL_OBJECT' | 'COMPOSITE';
}

/** One object as it is to be written. Sizes are bytes. */
export interface Spec {
  key: string;
  size: number;
  /** Written in parts of this size. */
  partSize?: number;
  checksum?: Checksum;
  /** Every header of the write but those of the checksum. */
  headers: Record<string, string>;
  /** Text by name, written after the object. */
  annotations?: Record<string, string>;
  /** Of its bytes. */
  seed: number;
}

/** The smallest part that is ever copied; no object of this size or less is copied by parts. */
export const copyPart: Record<Server['scheme'], number> = { s3: 5 * 1024 * 1024, oss: 100 * 1024 };

const names = [
  ...['plain', 'a b', 'plus+sign', 'per%25cent%', 'ünï/çödé', 'smile-\u{1F600}', 'q?x=1&y=2#z', 'quo"te\'s', 'a//b'],
  ...['dots./x..', "tilde~=;:,@$!*()'", 'back\\slash', '<lt>&gt;', '[br]{ace}|^`', '日本語/文件.txt', 'comb-e\u0301'],
  ...['blank at its end ', 'a/./b', 'a/../c', '?versionId=x', 'L'.repeat(200)],
];

const metadataValues = [
  ...['plain', 'with a space', 'two  inside', '100%25 %zz', 'quo"te \'s', 'ünïcödé 日本', 'a=b&c=d', 'x'.repeat(100)],
  ...['=?UTF-8?Q?=E2=82=AC?=', 'comma, semi; colon:', '\u{1F600}', 'back\\slash', '{"json": [1, "x"]}'],
];
const tagKeys = ['k', 'K-2', 'a b', 'c+d', 'e=f', 'g:h/i', 'j@k', '_l.m-', 'ünï', 'n'];
const tagValues = ['', 'v', 'a b', 'x+y=z', 'ünï', '1/2:3@4', '=+'];

/** A kind of thing that an object can carry. To watch over one more, add a row. */
interface Column {
  /** Probability that an object has it. */
  share: number;
  /** Absent: every store has it. */
  on?: (place: Place) => boolean;
  /** Headers of the write. */
  draw: (random: Random, place: Place) => Record<string, string>;
}

const one =
  (header: string, ...values: string[]): Column['draw'] =>
  (random) => ({ [header]: random.pick(values) });
const isS3 = ({ server }: Place): boolean => server.scheme === 's3';
const hasRedirects = (place: Place): boolean => isS3(place) && !place.quirks.noRedirects;

const columns: readonly Column[] = [
  {
    share: 0.7,
    draw: one('content-type', 'text/plain; charset=utf-8', 'application/x-ünk', 'image/jpeg', 'binary/octet-stream'),
  },
  { share: 0.5, draw: one('cache-control', 'no-cache', 'max-age=3600, public', 'x="é"') },
  {
    share: 0.5,
    draw: one(
      'content-disposition',
      'inline',
      'attachment; filename="a b.txt"',
      "attachment; filename*=UTF-8''%e2%82%ac",
      'a; b="ü"',
    ),
  },
  { share: 0.4, draw: one('content-encoding', 'gzip', 'identity', 'br, gzip') },
  { share: 0.4, draw: one('content-language', 'en', 'de-DE, en', 'x-klingon') },
  { share: 0.4, draw: one('expires', 'Wed, 21 Oct 2026 07:28:00 GMT', '0', '2030-01-01T00:00:00Z') },
  { share: 0.6, draw: metadata },
  { share: 0.1, draw: (_, { server }) => ({ [`x-${prefixOf(server)}-meta-big`]: 'y'.repeat(1_900) }) },
  { share: 0.6, on: ({ quirks }) => !quirks.noTags, draw: tags },
  {
    share: 0.3,
    on: ({ quirks }) => quirks.secondClass !== undefined,
    draw: (_, { server, quirks }) => ({ [`x-${prefixOf(server)}-storage-class`]: quirks.secondClass ?? '' }),
  },
  {
    share: 0.5,
    on: (place) => isS3(place) && !place.quirks.noAcls,
    draw: one('x-amz-acl', 'public-read', 'public-read-write', 'authenticated-read', 'bucket-owner-full-control'),
  },
  {
    share: 0.2,
    on: ({ stranger, quirks }) => stranger !== undefined && !quirks.noAcls,
    draw: (_, { owner, stranger }) => ({
      'x-amz-grant-read': `id="${stranger}"`,
      'x-amz-grant-full-control': `id="${owner}"`,
    }),
  },
  { share: 0.5, on: (place) => !isS3(place), draw: one('x-oss-object-acl', 'private', 'public-read', 'default') },
  { share: 0.3, on: hasRedirects, draw: one('x-amz-website-redirect-location', '/other', 'https://example.com/a?b=c') },
];

const prefixOf = ({ scheme }: Server): string => (scheme === 's3' ? 'amz' : 'oss');

function metadata(random: Random, { server }: Place): Record<string, string> {
  const count = random.pick([1, 2, 5, 12]);
  const pairs = Array.from({ length: count }, (_, n) => {
    const name = `x-${prefixOf(server)}-meta-${random.pick(['m', 'Upper-Case', 'dot.', '9'])}${n}`;
    return [name, random.pick(metadataValues)] as const;
  });
  return Object.fromEntries(pairs);
}

function tags(random: Random, { server }: Place): Record<string, string> {
  const first = random.below(tagKeys.length);
  const count = random.pick([1, 3, 10]);
  const chosen = Array.from({ length: count }, (_, n) => tagKeys[(first + n) % tagKeys.length]!);
  const text = chosen
    .map((key) => `${encodeURIComponent(key)}=${encodeURIComponent(random.pick(tagValues))}`)
    .join('&');
  return { [`x-${prefixOf(server)}-tagging`]: text };
}

const oldAlgorithms = ['CRC32', 'CRC32C', 'SHA1', 'SHA256', 'CRC64NVME'] as const;
const newAlgorithms = ['SHA512', 'MD5', 'XXHASH64', 'XXHASH3', 'XXHASH128'] as const;

const annotationTexts = ['plain', '{"seen": true}', 'ünïcödé 日本', ' ', 'z'.repeat(5_000)];

function drawAnnotations(random: Random): Record<string, string> {
  const count = random.pick([1, 2, 5]);
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`note-${n}`, random.pick(annotationTexts)]));
}

/** For a bucket that takes locks: `spec` with a retention, a legal hold, or both. */
export function withLock(spec: Spec, n: number, until: Date): Spec {
  const retention = {
    'x-amz-object-lock-mode': 'GOVERNANCE',
    'x-amz-object-lock-retain-until-date': until.toISOString().replace(/\.\d+Z$/, 'Z'),
  };
  const hold = { 'x-amz-object-lock-legal-hold': 'ON' };
  return { ...spec, headers: { ...spec.headers, ...(n % 3 !== 1 && retention), ...(n % 3 !== 0 && hold) } };
}

/**
 * Every third object is made of parts, every second carries a checksum where the store takes one, and every eighth at least
 * is large enough to be copied by parts.
 *
 * @param smallestPart that the server takes, bytes.
 */
export function drawObjects(place: Place, seed: number, count: number, smallestPart: number): Spec[] {
  const source = random(seed);
  return Array.from({ length: count }, (_, n) => {
    const headers: Record<string, string> = {};
    columns.forEach(({ share, on, draw }, column) => {
      // A stream of its own for each, so that two stores with the same seed get the same of what both have.
      const its = source.fork(`${n}.${column}`);
      if (its.chance(share) && (on?.(place) ?? true)) Object.assign(headers, draw(its, place));
    });
    // A store takes a canned ACL or grants, not both.
    if (headers['x-amz-grant-read']) delete headers['x-amz-acl'];
    const its = source.fork(`${n}`);
    const isMultipart = n % 3 === 0;
    const part = n % 8 === 3 ? copyPart[place.server.scheme] : smallestPart;
    const size = isMultipart
      ? its.pick([part + 1, part + 4_097, Math.floor(part * 1.6) + 13])
      : [0, 1, 100, 4_097, 65_536, part - 1, part + 345][n % 8 === 3 ? 6 : n % 7]!;
    const name = names[n % names.length]!;
    const isReadWrong = place.quirks.readsVersionsInKeys && name.includes('?versionId=');
    const key = `${String(n).padStart(2, '0')}-${isReadWrong ? 'plain' : name}`;
    const spec: Spec = { key, size, headers, seed: seed * 1_000 + n };
    if (isMultipart) spec.partSize = its.pick([part, part + 1, part + 777]);
    const algorithms = place.quirks.noNewChecksums ? oldAlgorithms : [...oldAlgorithms, ...newAlgorithms];
    const algorithm = algorithms[Math.floor(n / 2) % algorithms.length]!;
    const takesChecksums = isS3(place) && !place.quirks.noFullChecksum;
    if (takesChecksums && n % 2 === 1) spec.checksum = { algorithm, type: typeOf(algorithm, its.chance(0.5)) };
    const notes = source.fork(`${n}.annotations`);
    if (isS3(place) && !place.quirks.noAnnotations && notes.chance(0.4)) spec.annotations = drawAnnotations(notes);
    return spec;
  });
}

/** Only CRCs of parts can be made one of the whole, and CRC-64 is never of parts. */
function typeOf(algorithm: Checksum['algorithm'], whole: boolean): Checksum['type'] {
  if (algorithm === 'CRC64NVME') return 'FULL_OBJECT';
  return !algorithm.startsWith('CRC') || !whole ? 'COMPOSITE' : 'FULL_OBJECT';
}
