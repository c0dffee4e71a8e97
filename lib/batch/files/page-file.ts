import { RetryLater } from '../../copy/model/errors.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import type { Cursor, Entry, RangeSpec } from '../../sources/shared/source.ts';
import type { SidesSeen } from '../model/sync.ts';
import type { WorkFiles } from '../model/work-files.ts';
import { fileOf, namesIn, seqOf } from '../model/work-files.ts';

/** An object of a page: where it goes is settled. */
export interface PageEntry extends Omit<Entry, 'destination'> {
  destination: { bucket: string; key: string };
  /** The filters are to be asked again, with what only the store tells. */
  ask?: true;
  /** It has nowhere to go. */
  error?: { code: string; message: string };
}

/** The first line of a page. */
export interface PageHeader {
  page: string;
  entries: number;
  /** Their sizes, as far as the source tells; absent in pages of an earlier version. */
  bytes?: number;
  /** Malformed rows between the page before and this one. */
  rejected: number;
  passedOver: Record<string, number>;
  /** Of a sync: objects that were listed between the page before and this one. */
  sides?: SidesSeen;
  /** Where reading goes on. */
  cursor: Cursor;
  /** The range ends here. */
  last?: true;
  /** From here on another range owns what the cursor no longer covers. */
  split?: RangeSpec;
}

export function pageText(header: PageHeader, entries: readonly PageEntry[]): string {
  return [header, ...entries].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** @throws RetryLater when there is no such page (yet). */
export async function readPage(
  files: WorkFiles,
  batch: string,
  page: string,
  options?: CallOptions,
): Promise<{ header: PageHeader; entries: PageEntry[] }> {
  const text = await files.read(fileOf.page(batch, page), options);
  if (text === undefined) throw new RetryLater(`Page ${page} of batch ${batch} is not to be seen.`, { delayMs: 1000 });
  const [header, ...entries] = text.split('\n').filter(Boolean);
  return {
    header: JSON.parse(header ?? '') as PageHeader,
    entries: entries.map((line) => JSON.parse(line) as PageEntry),
  };
}

/** The header of the newest page of a range; undefined when nothing was read yet. */
export async function newestPage(
  files: WorkFiles,
  batch: string,
  range: string,
  options?: CallOptions,
): Promise<PageHeader | undefined> {
  let newest: string | undefined;
  for await (const page of namesIn(files, batch, 'pages', `${range}-`, options)) {
    if (newest === undefined || seqOf(page) > seqOf(newest)) newest = page;
  }
  if (newest === undefined) return undefined;
  return await readHeader(files, batch, newest, options);
}

/** @throws RetryLater when there is no such page (yet). */
export async function readHeader(
  files: WorkFiles,
  batch: string,
  page: string,
  options?: CallOptions,
): Promise<PageHeader> {
  const line = await files.readHead(fileOf.page(batch, page), options);
  if (line === undefined) throw new RetryLater(`Page ${page} of batch ${batch} is not to be seen.`, { delayMs: 1000 });
  return JSON.parse(line) as PageHeader;
}
