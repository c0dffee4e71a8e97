import { readAccessPoint } from '../../copy/plan/access-point.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { ObjectRef } from '../../copy/model/object.ts';

/** Name and decoded value; an undefined value is written as the bare name. */
export type Query = readonly (readonly [name: string, value: string | undefined])[];

/**
 * Percent-encodes the UTF-8 bytes of a text; only `A-Za-z0-9-._~` stay. Both signature schemes demand exactly this set.
 * @throws GiveUp BadRequest for text that is not Unicode (a lone surrogate): it has no bytes a store could keep.
 */
export function percentEncode(text: string): string {
  let encoded: string;
  try {
    encoded = encodeURIComponent(text);
  } catch {
    throw new GiveUp('BadRequest', `${JSON.stringify(text)} is not valid Unicode text; no store can keep it.`);
  }
  return encoded.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A key as it stands in a request path or a copy source: encoded once, slashes raw, nothing normalised (I9). */
export function encodeKey(key: string): string {
  return percentEncode(key).replaceAll('%2F', '/');
}

/** Value of the copy-source header. The version is the only query either store takes here. */
export function copySource(source: ObjectRef): string {
  const version = source.versionId === undefined ? '' : `?versionId=${percentEncode(source.versionId)}`;
  // An object behind an access point is named by an ARN of its own.
  if (readAccessPoint(source.bucket))
    return `${encodeKey(`${source.bucket.replace(/accesspoint:/, 'accesspoint/')}/object/${source.key}`)}${version}`;
  return `/${source.bucket}/${encodeKey(source.key)}${version}`;
}

/** Value of the tagging header: a query string. */
export function encodeTags(tags: Record<string, string>): string {
  return Object.entries(tags)
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&');
}

export function encodeQuery(query: Query): string {
  return query
    .map(([name, value]) =>
      value === undefined ? percentEncode(name) : `${percentEncode(name)}=${percentEncode(value)}`,
    )
    .join('&');
}

/**
 * Undoes `encoding-type=url` of listings. Stores write a space as `+` or `%20`, and a plus always as `%2B`.
 * @throws URIError when the text is not so encoded.
 */
export function decodeListed(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

/** Header text as the bytes on the wire, one character per byte: that is what is signed and sent. */
export function toWire(value: string): string {
  return isAscii(value) ? value : Buffer.from(value, 'utf8').toString('latin1');
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Header text from the bytes on the wire: UTF-8 where they are that, else Latin-1. */
export function fromWire(value: string): string {
  if (isAscii(value)) return value;
  try {
    return utf8.decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
