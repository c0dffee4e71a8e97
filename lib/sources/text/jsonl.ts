import type { CopyOptions } from '../../copy/model/request.ts';
import { columnOf } from '../shared/columns.ts';
import { keyFault } from '../shared/keys.ts';
import type { Verdict } from '../shared/list-entry.ts';
import { destinationOf } from '../shared/list-entry.ts';
import type { Entry } from '../shared/source.ts';
import { placeOfRow } from '../shared/urls.ts';
import type { LineReader } from './lines.ts';

export interface JsonRules {
  /** Of rows that name none. */
  bucket?: string;
  /** Of the store that is read: URLs of the other vendor are refused. */
  scheme?: 'oss' | 's3';
  parseOptions?: (value: unknown) => Partial<CopyOptions>;
}

/** The next line that is not empty, with its text; undefined when `lines` must read more, or is at its end. */
export function nextLine(lines: LineReader): { text: string; line: number; valid: boolean } | undefined {
  for (let text = lines.peek(); text !== undefined; text = lines.peek()) {
    const line = lines.line;
    const valid = !text.includes('\uFFFD') || lines.shownValidText();
    lines.take();
    if (text.trim() !== '') return { text, line, valid };
  }
  return undefined;
}

/** Names that may stand in a row, in the letter case of any writer; those of `ignored` say nothing that is needed. */
const known = ['bucket', 'key', 'versionId', 'etag', 'size', 'destination', 'options'] as const;
const ignored = new Set(
  'line lastmodified lastmodifieddate storageclass islatest checksumalgorithm checksumtype owner restorestatus restoreinfo type transitiontime'.split(
    ' ',
  ),
);

/** Reads one line of JSON. A misspelt name is a fault: it must not be dropped in silence. */
export function entryOfJson(text: string, line: number, rules: JsonRules): Verdict {
  const row = parse(text);
  return row === undefined ? { why: 'not a JSON object' } : entryOfObject(row, line, rules);
}

/** Reads one object of JSON, its names spelled as ours or as the stores spell them. */
export function entryOfObject(given: Record<string, unknown>, line: number, rules: JsonRules): Verdict {
  const row: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const bare = name.toLowerCase();
    const ours = known.find((one) => one === name) ?? known.find((one) => one === columnOf(name));
    if (ours === undefined) {
      if (ignored.has(bare)) continue;
      return { why: `there is no "${name.slice(0, 40)}"; there are ${known.join(', ')}` };
    }
    if (Object.hasOwn(row, ours)) return { why: `${ours} stands there twice` };
    row[ours] = value;
  }
  return entryOfRow(row, line, rules);
}

/** Reads the names of `Entry` from an object and ignores all others. */
export function entryOfRow(row: Record<string, unknown>, line: number, rules: JsonRules): Verdict {
  const { versionId, etag, size, destination, options } = row;
  if (typeof row['key'] !== 'string') return { why: 'no key' };
  if (row['bucket'] !== undefined && row['bucket'] !== null && typeof row['bucket'] !== 'string')
    return { why: 'bucket is no text' };
  const place = placeOfRow({ bucket: row['bucket'] ?? undefined, key: row['key'] }, rules);
  if ('why' in place) return place;
  const { bucket, key } = place;
  const fault = keyFault(key);
  if (fault) return { why: fault };
  const entry: Entry = { bucket, key, line };
  if (given(versionId)) {
    if (typeof versionId !== 'string') return { why: 'versionId is no text' };
    entry.versionId = versionId;
  }
  if (given(etag)) {
    if (typeof etag !== 'string') return { why: 'etag is no text' };
    entry.etag = etag.replaceAll('"', '');
  }
  if (given(size)) {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
      return { why: 'size is no number of bytes' };
    entry.size = size;
  }
  if (given(destination)) {
    const place = destinationOfJson(destination);
    if ('why' in place) return place;
    entry.destination = place;
  }
  if (given(options)) {
    if (!rules.parseOptions) return { why: 'options for one object are not taken here' };
    try {
      entry.options = rules.parseOptions(options);
    } catch (error) {
      return { why: `options: ${error instanceof Error ? error.message : String(error)}` };
    }
  }
  return entry;
}

export function parse(text: string): Record<string, unknown> | undefined {
  try {
    const row: unknown = JSON.parse(text);
    return isObject(row) ? row : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `null` and an empty text say nothing, as an empty field of a CSV row does. */
function given(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function destinationOfJson(value: unknown): { bucket?: string; key: string } | { why: string } {
  if (typeof value === 'string') return destinationOf(value, 'plain');
  if (!isObject(value)) return { why: 'destination is neither a text nor an object' };
  const { bucket, key } = value;
  if (typeof key !== 'string') return { why: 'the destination has no key' };
  if (bucket !== undefined && typeof bucket !== 'string') return { why: 'the bucket of the destination is no text' };
  const fault = keyFault(key);
  if (fault) return { why: `the destination has ${fault}` };
  return bucket ? { bucket, key } : { key };
}
