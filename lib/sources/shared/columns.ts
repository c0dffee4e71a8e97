import { GiveUp } from '../../copy/model/errors.ts';
import type { Columns } from './list-entry.ts';

/** What the columns are called by the writers we know, without case, spaces and underscores. */
const names: Record<string, keyof Columns> = {
  bucket: 'bucket',
  key: 'key',
  versionid: 'versionId',
  etag: 'etag',
  size: 'size',
  lastmodified: 'lastModified',
  lastmodifieddate: 'lastModified',
  storageclass: 'storageClass',
  destination: 'destination',
  islatest: 'isLatest',
  isdeletemarker: 'isDeleteMarker',
};

/** Other names that lists give to the column of keys, or of URLs. */
const keyNames = new Set('url uri s3url s3uri object objectname objectkey name path file filename s3key'.split(' '));
const urlNames = new Set('url uri s3url s3uri'.split(' '));

function bareName(name: string): string {
  return name.replaceAll(/[\s_-]/g, '').toLowerCase();
}

/** Which of our columns a name means, in any writer's spelling. */
export function columnOf(name: string): keyof Columns | undefined {
  const bare = bareName(name);
  return Object.hasOwn(names, bare) ? names[bare] : undefined;
}

/** Columns that are none of ours are left out. @throws GiveUp BadRequest without a column for the key. */
export function columnsOf(header: string[], file: string): Columns {
  const found: Partial<Columns> = {};
  for (const [at, name] of header.entries()) {
    const column = columnOf(name);
    if (column !== undefined) found[column] ??= at;
  }
  const { key = otherKey(header), ...rest } = found;
  if (key === undefined) {
    const seen = header.join(', ').slice(0, 200);
    const hint = 'Name them with --columns, an empty name for one to ignore';
    throw new GiveUp('BadRequest', `${file}: none of its columns is the key: ${seen}. ${hint}.`);
  }
  return { key, ...rest };
}

/** The one column that is named as keys are by others. */
function otherKey(header: string[]): number | undefined {
  const found = header.flatMap((name, at) => (keyNames.has(bareName(name)) ? [at] : []));
  return found.length === 1 ? found[0] : undefined;
}

/** Whether a row names columns rather than an object; `perhaps` for a single word that may be either. */
export function isHeader(fields: string[], bucketGiven: boolean): boolean | 'perhaps' {
  const columns = fields.map(columnOf);
  const isKey = fields.map((field) => keyNames.has(bareName(field)));
  if (fields.length === 1) {
    if (columns[0] === 'key' || urlNames.has(bareName(fields[0] ?? ''))) return true;
    return bucketGiven && isKey[0] === true ? 'perhaps' : false;
  }
  if (columns.includes('key') && (bucketGiven || columns.includes('bucket'))) return true;
  return fields.filter((_, n) => columns[n] !== undefined || isKey[n]).length >= 2;
}
