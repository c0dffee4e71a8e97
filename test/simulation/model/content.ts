/** Bytes as a list of where they came from, so that a mix of two versions is visible and a terabyte costs nothing. */
import { createHash } from 'node:crypto';

/** Bytes `first` to `last`, inclusive, of the content named `id`. */
export interface Segment {
  id: string;
  first: number;
  last: number;
}

export type Content = readonly Segment[];

export function whole(id: string, size: number): Content {
  return size === 0 ? [] : [{ id, first: 0, last: size - 1 }];
}

export function sizeOf(content: Content): number {
  let size = 0;
  for (const segment of content) size += segment.last - segment.first + 1;
  return size;
}

/** Bytes `first` to `last`, inclusive; what lies past the end is left out. */
export function slice(content: Content, first: number, last: number): Content {
  const out: Segment[] = [];
  let offset = 0;
  for (const segment of content) {
    const length = segment.last - segment.first + 1;
    const from = Math.max(first, offset);
    const to = Math.min(last, offset + length - 1);
    if (from <= to)
      out.push({ id: segment.id, first: segment.first + from - offset, last: segment.first + to - offset });
    offset += length;
  }
  return out;
}

export function concat(parts: readonly Content[]): Content {
  const out: Segment[] = [];
  for (const part of parts) {
    for (const segment of part) {
      const tail = out[out.length - 1];
      if (tail && tail.id === segment.id && tail.last + 1 === segment.first)
        out[out.length - 1] = { ...tail, last: segment.last };
      else out.push(segment);
    }
  }
  return out;
}

/** Equal bytes have equal fingerprints. */
export function fingerprint(content: Content): string {
  const [first] = content;
  if (content.length === 1 && first) return `${first.id}:${first.first}-${first.last}`;
  return content.map((segment) => `${segment.id}:${segment.first}-${segment.last}`).join(',');
}

/** Looks like an md5 and depends on the bytes alone. */
export function simpleEtag(content: Content): string {
  const text = fingerprint(content);
  const word = (basis: number): string => fnv(text, basis).toString(16).padStart(8, '0');
  return word(0x811c9dc5) + word(0x01234567) + word(0x89abcdef) + word(0x7654321);
}

/** S3: md5 over the binary md5s of the parts. OSS: md5 over their hex text. Both with the number of parts behind. */
export function compositeEtag(scheme: 'oss' | 's3', partEtags: readonly string[]): string {
  const areDigests = partEtags.every((etag) => /^[0-9a-f]{32}$/.test(etag));
  const hash = createHash('md5').update(partEtags.join(''), scheme === 's3' && areDigests ? 'hex' : 'utf8');
  return `${hash.digest('hex')}-${partEtags.length}`;
}

/** Stands for CRC-64 of the bytes, unsigned decimal: depends on the content alone, never on the part layout. */
export function crc64(content: Content): string {
  const text = fingerprint(content);
  return `${fnv(text, 0x811c9dc5)}${fnv(text, 0x01234567).toString().padStart(10, '0')}`;
}

/** Stands for a full-object checksum of the given kind. */
export function checksum(algorithm: string, content: Content): string {
  return fnv(algorithm + fingerprint(content), 0x811c9dc5).toString(36);
}

/** FNV-1a. */
function fnv(text: string, basis: number): number {
  let h = basis;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
