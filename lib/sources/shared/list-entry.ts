import type { KeyEncoding } from './keys.ts';
import { decodeKey, keyFault } from './keys.ts';
import type { Entry, PassedOver } from './source.ts';
import { placeOfRow } from './urls.ts';

/** What a row came to. */
export type Verdict = Entry | PassedOver | { why: string };

/** Which field is which, by position. */
export interface Columns {
  bucket?: number;
  key: number;
  versionId?: number;
  etag?: number;
  size?: number;
  lastModified?: number;
  storageClass?: number;
  destination?: number;
  isLatest?: number;
  isDeleteMarker?: number;
}

export interface RowRules {
  columns: Columns;
  encoding: KeyEncoding;
  /** Of rows that name none. */
  bucket?: string;
  /** Of the store that is read: URLs of the other vendor are refused. */
  scheme?: 'oss' | 's3';
  /** Only inventories tell; `latest` also leaves the version out of the entry, so that what is current is copied. */
  versions: 'latest' | 'all';
}

/** Reads the fields of one row; empty fields say nothing. */
export function entryOf(fields: string[], line: number, rules: RowRules): Verdict {
  const { columns, encoding, versions } = rules;
  const field = (column: number | undefined): string => (column === undefined ? '' : (fields[column] ?? ''));

  if (isTrue(field(columns.isDeleteMarker))) return 'delete-marker';
  if (versions === 'latest' && isFalse(field(columns.isLatest))) return 'not-latest';

  const place = placeOfRow({ bucket: field(columns.bucket), key: field(columns.key) }, rules);
  if ('why' in place) return place;
  const { bucket } = place;
  const key = decodeKey(place.key, encoding);
  if (key === undefined) return { why: 'the key is not URL-encoded' };
  const fault = keyFault(key);
  if (fault) return { why: fault };

  const entry: Entry = { bucket, key, line };
  const versionId = field(columns.versionId);
  if (versionId !== '' && (columns.isLatest === undefined || versions === 'all')) entry.versionId = versionId;
  const etag = field(columns.etag);
  if (etag !== '') entry.etag = etag.startsWith('"') ? etag.replaceAll('"', '') : etag;
  const size = field(columns.size);
  if (size !== '') {
    const bytes = sizeOf(size);
    if (bytes === undefined) return { why: `the size is no number of bytes: ${size.slice(0, 40)}` };
    entry.size = bytes;
  }
  const lastModified = field(columns.lastModified);
  if (lastModified !== '') {
    const time = timeOf(lastModified);
    if (time === undefined) return { why: `the time is none: ${lastModified.slice(0, 40)}` };
    entry.lastModified = time;
  }
  const storageClass = field(columns.storageClass);
  if (storageClass !== '') entry.storageClass = storageClass;
  const destination = field(columns.destination);
  if (destination !== '') {
    const target = destinationOf(destination, encoding);
    if ('why' in target) return target;
    entry.destination = target;
  }
  return entry;
}

/** A key, or `oss://bucket/key`, `s3://bucket/key`. */
export function destinationOf(text: string, encoding: KeyEncoding): { bucket?: string; key: string } | { why: string } {
  const [, bucket, rest] = /^(?:oss|s3):\/\/([^/]+)\/(.*)$/s.exec(text) ?? [];
  const key = decodeKey(rest ?? text, encoding);
  if (key === undefined) return { why: 'the destination is not URL-encoded' };
  const fault = keyFault(key);
  if (fault) return { why: `the destination has ${fault}` };
  return bucket === undefined ? { key } : { bucket, key };
}

function isTrue(text: string): boolean {
  return text === 'true' || text === 'True' || text === 'TRUE';
}

function isFalse(text: string): boolean {
  return text === 'false' || text === 'False' || text === 'FALSE';
}

/** A whole number of bytes. */
function sizeOf(text: string): number | undefined {
  const bytes = Number(text);
  return Number.isSafeInteger(bytes) && bytes >= 0 && /^\d+$/.test(text) ? bytes : undefined;
}

/**
 * ISO 8601 in UTC, to the second or finer, as S3 writes it, or with dashes in the time as OSS does: `2025-04-14T07-06-00Z`.
 * By hand, for it is done for every row.
 */
export function timeOf(text: string): number | undefined {
  if (text[4] !== '-' || text[7] !== '-' || text[10] !== 'T' || !text.endsWith('Z')) return undefined;
  const [month, day] = [digits(text, 5, 7), digits(text, 8, 10)];
  const [hour, minute, second] = [digits(text, 11, 13), digits(text, 14, 16), digits(text, 17, 19)];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  const fraction = text.length === 20 ? 0 : Number(text.slice(19, -1));
  const time = Date.UTC(digits(text, 0, 4), month - 1, day, hour, minute, second) + Math.floor(fraction * 1000);
  return Number.isNaN(time) ? undefined : time;
}

/** NaN for anything else. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    value = value * 10 + digit;
  }
  return value;
}
