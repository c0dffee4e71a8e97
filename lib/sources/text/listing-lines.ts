/**
 * Lists of one object a line as tools print them: URLs, `aws s3 ls`, `aws s3api list-objects-v2 --output text`, `s5cmd ls`,
 * `ossutil ls` (1 and 2). Their times are local and are not read; a size is read where it is in bytes.
 */
import type { RowRules, Verdict } from '../shared/list-entry.ts';
import { entryOf } from '../shared/list-entry.ts';
import { isUrl } from '../shared/urls.ts';

/** `2021-11-04 14:29:56    3714945 a/b.csv`; with --human-readable `3.5 MiB`. One space stands before the key. */
const awsLs = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {1,32}(?:(\d{1,16})|[\d.]{1,16} (?:Bytes?|[KMGTPE]iB)) (?! *$)(.*)$/;
/** `2020/11/20 12:36:22 [class] [etag]      1234 a.csv`; with --humanize `1.2K`. One space stands before the key. */
const s5cmdLs =
  /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d {1,64}(?:[A-Z_]{1,32} {1,64})?(?:[\da-f]{32}(?:-\d{1,5})? {1,64})?(?:(\d{1,16})|[\d.]{1,16}[KMGTPE]) (.*)$/;
/** `2016-10-21 16:18:37 +0800 CST   201933   Standard   7E2F...41   oss://bucket/key`. */
const ossutilLs =
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: [+-]\d{4})?(?: \S{1,8})? {1,64}(\d{1,16}) {1,64}[A-Za-z]{2,24} {1,64}(?:([\dA-Fa-f]{32}(?:-\d{1,5})?) {1,64})?(oss:\/\/.*)$/;
/** Folders, which a listing that is not recursive has beside names without their folder. */
const folder = /^ {1,64}(?:PRE|DIR) .*\/$/;
/** Headings and totals. */
const around =
  /^ {0,32}(?:Total Objects: \d|Total Size: \d|Object Number is: ?\d|Folder Number is: ?\d|Object List:$|Folder List:$|LastModifiedTime .*ObjectName|[\d.]{1,32} ?\(s\) elapsed)/i;
/** The labels of rows that AWS prints beside those of objects. */
const awsText = /^(?:CHECKSUMALGORITHM|COMMONPREFIXES|OWNER|RESTORESTATUS|None)(?:\t|$)/;

const columns = { bucket: 0, key: 1, size: 2, etag: 3 };

/** Whether a first line shows that all lines are of this kind. */
export function isListingLine(text: string): boolean {
  return (
    isUrl(text) ||
    text.startsWith('CONTENTS\t') ||
    [awsLs, s5cmdLs, ossutilLs, folder, around, awsText].some((shape) => shape.test(text))
  );
}

/** Whether a line shows that keys in this list lack the folder they lie in. */
export function isFolderLine(text: string): boolean {
  return folder.test(text);
}

/** What one line comes to. */
export function entryOfListing(text: string, line: number, rules: Omit<RowRules, 'columns'>): Verdict {
  const entry = (key: string, size = '', etag = ''): Verdict =>
    entryOf(['', key, size, etag], line, { ...rules, columns });
  if (isUrl(text)) {
    if (/[,\t](?:s3|oss):\/\//.test(text))
      return { why: 'two URLs in a row; name the columns with --columns key,destination' };
    return entry(text);
  }
  if (text.startsWith('CONTENTS\t')) return entryOfAwsText(text.split('\t'), entry);
  const [, ossSize, ossEtag, url] = ossutilLs.exec(text) ?? [];
  if (url !== undefined) return entry(url, ossSize, ossEtag);
  const [, size, key] = awsLs.exec(text) ?? s5cmdLs.exec(text) ?? [];
  if (key !== undefined) return entry(key, size);
  if (around.test(text) || awsText.test(text)) return 'no-object';
  return { why: 'neither a URL nor a line of aws s3 ls, s5cmd ls or ossutil ls' };
}

/** The properties of one object in the order of their names: the key stands behind the quoted ETag. */
function entryOfAwsText(fields: string[], entry: (key: string, size?: string, etag?: string) => Verdict): Verdict {
  const at = fields.findIndex((field) => /^"[\da-f]{32}(?:-\d{1,5})?"$/i.test(field));
  const key = fields[at + 1];
  if (at < 0 || key === undefined) return { why: 'a CONTENTS row without an ETag before its key' };
  const size = fields[at + 3];
  return entry(key, size !== undefined && /^\d+$/.test(size) ? size : '', fields[at]);
}
