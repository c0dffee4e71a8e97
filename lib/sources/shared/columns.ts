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

function columnOf(name: string): keyof Columns | undefined {
  const bare = name.replaceAll(/[\s_]/g, '').toLowerCase();
  return Object.hasOwn(names, bare) ? names[bare] : undefined;
}

/** Columns that are none of ours are left out. @throws GiveUp BadRequest without a column for the key. */
export function columnsOf(header: string[], file: string): Columns {
  const found: Partial<Columns> = {};
  for (const [at, name] of header.entries()) {
    const column = columnOf(name);
    if (column !== undefined) found[column] ??= at;
  }
  const { key, ...rest } = found;
  if (key === undefined)
    throw new GiveUp('BadRequest', `${file}: none of its columns is the key: ${header.join(', ')}.`);
  return { key, ...rest };
}

/** Whether a row names columns rather than an object. */
export function isHeader(fields: string[], bucketGiven: boolean): boolean {
  const columns = fields.map(columnOf);
  return columns.includes('key') && (bucketGiven || columns.includes('bucket'));
}
