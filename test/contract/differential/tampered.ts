/** Copies that are not what their sources are, each in one way. To watch over one more, add a row. */
import type { Place } from './look.ts';
import type { Checksum, Spec } from './objects.ts';

/** What the copy has that the source has not: headers (`undefined`: none such), other bytes, another way of writing. */
interface Change {
  on?: (place: Place) => boolean;
  source?: Partial<Spec>;
  copy?: Omit<Partial<Spec>, 'headers'>;
  headers?: Record<string, string | undefined>;
}

const hasTags = ({ quirks }: Place): boolean => !quirks.noTags;
const isS3 = ({ server }: Place): boolean => server.scheme === 's3';
const hasRedirects = (place: Place): boolean => isS3(place) && !place.quirks.noRedirects;
const hasChecksums = (place: Place): boolean => isS3(place) && !place.quirks.noFullChecksum;
const sha256: Checksum = { algorithm: 'SHA256', type: 'COMPOSITE' };

/** `{p}` is the prefix of the store's headers. */
function changes(part: number): Record<string, Change> {
  const inParts = { size: part + 100, partSize: part };
  const otherParts = { size: part + 100, partSize: part + 9 };
  return {
    nothing: {},
    'more metadata': { headers: { '{p}meta-more': '1' } },
    'less metadata': { headers: { '{p}meta-m': undefined } },
    'other metadata': { headers: { '{p}meta-m': '2' } },
    'more tags': { on: hasTags, headers: { '{p}tagging': 'a=1&b=2&c=3' } },
    'no tags': { on: hasTags, headers: { '{p}tagging': undefined } },
    'another tag': { on: hasTags, headers: { '{p}tagging': 'a=1&b=3' } },
    'less of a header': { headers: { 'cache-control': undefined } },
    'another header': { headers: { 'content-language': 'en' } },
    'another encoding': { headers: { 'content-encoding': 'gzip' } },
    'another type': { headers: { 'content-type': 'text/x-other' } },
    'another expiry': { headers: { expires: 'Wed, 21 Oct 2026 07:28:00 GMT' } },
    'another class': {
      on: ({ quirks }) => quirks.secondClass !== undefined,
      headers: { '{p}storage-class': '{class}' },
    },
    'another ACL': { on: ({ quirks }) => !quirks.noAcls, headers: { '{acl}': 'public-read' } },
    'another redirect': { on: hasRedirects, headers: { '{p}website-redirect-location': '/q' } },
    'no redirect': { on: hasRedirects, headers: { '{p}website-redirect-location': undefined } },
    'no checksum': { on: hasChecksums, copy: { checksum: undefined } },
    'another checksum': { on: hasChecksums, copy: { checksum: { algorithm: 'SHA256', type: 'FULL_OBJECT' } } },
    'other bytes': { copy: { seed: 2 } },
    'other bytes, no checksum': { copy: { seed: 2, checksum: undefined } },
    'a byte less': { copy: { size: 999 } },
    parts: { source: inParts, copy: inParts },
    'parts, other bytes': { source: inParts, copy: { ...inParts, seed: 2 } },
    'other parts': { source: inParts, copy: otherParts },
    'other parts, other bytes': { source: inParts, copy: { ...otherParts, seed: 2 } },
    'parts and none': { source: inParts, copy: { size: inParts.size } },
    'parts and none, other bytes': { source: inParts, copy: { size: inParts.size, seed: 2 } },
    'parts with checksums': {
      on: hasChecksums,
      source: { ...inParts, checksum: sha256 },
      copy: { ...inParts, checksum: sha256 },
    },
    'parts with checksums, other bytes': {
      ...{
        on: hasChecksums,
        source: { ...inParts, checksum: sha256 },
        copy: { ...inParts, checksum: sha256, seed: 2 },
      },
    },
  };
}

/** Pairs of sources and copies, under the same keys. */
export function tamperedPairs(place: Place, smallestPart: number): { source: Spec; copy: Spec }[] {
  const { server, quirks } = place;
  const prefix = server.scheme === 's3' ? 'x-amz-' : 'x-oss-';
  const acl = server.scheme === 's3' ? 'x-amz-acl' : 'x-oss-object-acl';
  const filledIn = (headers: Record<string, string | undefined>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        value === undefined
          ? []
          : [[name.replace('{p}', prefix).replace('{acl}', acl), value.replace('{class}', quirks.secondClass ?? '')]],
      ),
    );
  const base: Record<string, string | undefined> = {
    'content-type': 'text/plain',
    'cache-control': 'no-cache',
    '{p}meta-m': '1',
    ...(hasTags(place) && { '{p}tagging': 'a=1&b=2' }),
    ...(hasRedirects(place) && { '{p}website-redirect-location': '/r' }),
  };
  return Object.entries(changes(smallestPart))
    .filter(([, { on }]) => on?.(place) ?? true)
    .map(([key, { source, copy, headers }]) => {
      const checksum: Checksum = { algorithm: 'CRC32', type: 'FULL_OBJECT' };
      const plain = { key, size: 1_000, seed: 1, headers: filledIn(base), ...(hasChecksums(place) && { checksum }) };
      // What is written in parts carries a checksum only where its row says so.
      const ofParts = source?.partSize === undefined ? {} : { checksum: undefined };
      return {
        source: { ...plain, ...ofParts, ...source },
        copy: { ...plain, ...ofParts, ...copy, headers: filledIn({ ...base, ...headers }) },
      };
    });
}
