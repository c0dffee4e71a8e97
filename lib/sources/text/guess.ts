/** What a list is, seen from its first line; and what its columns are likely to be, for messages. */
import { GiveUp } from '../../copy/model/errors.ts';
import { columnOf } from '../shared/columns.ts';
import type { ManifestFormat } from '../shared/source.ts';
import { manifestColumns } from '../shared/source.ts';
import { isUrl } from '../shared/urls.ts';
import { parse } from './jsonl.ts';
import { isListingLine } from './listing-lines.ts';

/** @param first the first line that is not empty */
export function formatOf(first: string, columns: string[] | undefined): Exclude<ManifestFormat, 'auto'> {
  if (columns) return first.split('\t').length === columns.length && columns.length > 1 ? 'tsv' : 'csv';
  const text = first.trim();
  if (/^(?:[[{]$|\{\s*["}]|\[\s*[[{"\]])/.test(text)) {
    const row = parse(text);
    return row && Object.keys(row).some((name) => columnOf(name) === 'key') ? 'jsonl' : 'json';
  }
  if (isUrl(text) && first.includes('\t')) return 'tsv';
  if (isListingLine(first)) return 'ls';
  return first.includes('\t') && first.split('\t').length > first.split(',').length ? 'tsv' : 'csv';
}

type Look = 'number' | 'etag' | 'time' | 'class' | 'status' | 'empty' | 'text';

const classes =
  /^(?:STANDARD|STANDARD_IA|ONEZONE_IA|INTELLIGENT_TIERING|GLACIER|GLACIER_IR|DEEP_ARCHIVE|REDUCED_REDUNDANCY|EXPRESS_ONEZONE|OUTPOSTS|Standard|IA|Archive|ColdArchive|DeepColdArchive)$/;

function lookOf(field: string): Look {
  if (field === '') return 'empty';
  if (/^\d{1,16}$/.test(field)) return 'number';
  if (/^"?[\da-fA-F]{32}(?:-\d{1,5})?"?$/.test(field)) return 'etag';
  if (/^\d{4}-\d\d-\d\dT\d\d[:-]\d\d[:-]\d\d/.test(field) && field.length < 40) return 'time';
  if (classes.test(field)) return 'class';
  return /^(?:succeeded|failed)$/.test(field) ? 'status' : 'text';
}

/** The completion report of an S3 Batch Operations job: Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage. */
export function reportColumns(fields: string[]): string[] | undefined {
  const isReport = fields.length === 7 && /^(?:succeeded|failed)$/.test(fields[3] ?? '');
  return isReport ? ['bucket', 'key', 'versionId', '', '', '', ''] : undefined;
}

/** Columns of a row without a header, if its fields leave no doubt: one text, which is the key, beside numbers, ETags and the like. */
export function certainColumns(fields: string[], bucketGiven: boolean): string[] | undefined {
  const looks = fields.map(lookOf);
  const once = (look: Look): boolean => looks.filter((one) => one === look).length <= 1;
  const keys = fields.filter((_, n) => looks[n] === 'text');
  const isCertain = keys.length === 1 && once('number') && once('etag') && !looks.includes('status');
  return isCertain && (bucketGiven || isUrl(keys[0] ?? '')) ? likelyColumns(fields, bucketGiven) : undefined;
}

/** Whether a comma in a line that begins with a URL is as likely to begin a column as to belong to the key. */
export function mayBeColumns(first: string): boolean {
  const [url = '', ...others] = first.trim().split(',');
  return isUrl(url) && others.length > 0 && others.every((field) => lookOf(field) !== 'text');
}

/** What the columns may be, to begin from. */
export function likelyColumns(fields: string[], bucketGiven: boolean): string[] {
  const looks = fields.map(lookOf);
  const texts = looks.filter((look) => look === 'text').length;
  const wanted = bucketGiven || texts < 2 || fields.some(isUrl) ? ['key'] : ['bucket', 'key'];
  let sizeSeen = false;
  return looks.map((look) => {
    if (look === 'text') return wanted.shift() ?? '';
    if (look === 'etag') return 'etag';
    if (look !== 'number' || sizeSeen) return '';
    sizeSeen = true;
    return 'size';
  });
}

/** Why a first row cannot be what rows without a header are by custom; undefined when it can. */
export function misfit(fields: string[], columns: readonly string[]): string | undefined {
  if (fields.length > columns.length) return `${fields.length} fields where ${columns.length} are known`;
  for (const [n, name] of columns.entries()) {
    const field = fields[n] ?? '';
    const look = lookOf(field);
    const isBad =
      (name === 'versionId' && (look === 'number' || look === 'time' || look === 'class' || look === 'status')) ||
      (name === 'etag' && (look === 'number' || look === 'time' || look === 'class' || look === 'status')) ||
      (name === 'size' && look !== 'number' && look !== 'empty');
    if (isBad) return `"${field.slice(0, 40)}" is no ${name}`;
  }
  return undefined;
}

/** The error for a first row that is not understood: says what was seen, and how to go on. */
export function columnsUnknown(file: string, fields: string[], bucketGiven: boolean, why: string): GiveUp {
  const seen = fields
    .slice(0, 12)
    .map((field) => field.slice(0, 40))
    .join(' | ');
  const likely = likelyColumns(fields, bucketGiven);
  const names = likely.includes('key') ? likely.join() : manifestColumns.slice(0, fields.length).join();
  const hint = `Name the columns, an empty name for one to ignore, for example --columns ${names.slice(0, 200)}`;
  return new GiveUp(
    'BadRequest',
    `${file}: its first row does not say what its columns are (${why}). It is: ${seen}. ${hint}.`,
  );
}
