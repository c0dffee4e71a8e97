/**
 * The work folder: where a batch keeps its pages, results and report. The files are the ledger, the row only coordinates.
 *
 *   <batch>/request.json                  what was asked for, for people
 *   <batch>/rules.json                    the rules of a batch that goes by one
 *   <batch>/ranges/<range>.json           a stretch of the source
 *   <batch>/pages/<range>-<seq>.jsonl     a header, then one object a line; written once
 *   <batch>/partial/<range>-<seq>.json    what is known of a page that is not finished
 *   <batch>/results/<range>-<seq>.jsonl   a header that adds the page up, then one object a line; written once
 *   <batch>/rejected/<range>-<seq>.jsonl  malformed rows of the source
 *   <batch>/summary.json
 */
import type { StoreAddress } from '../../copy/model/object.ts';
import type { CallOptions } from '../../copy/model/ports.ts';

/** Where a work folder is; kept in the batch's row, so that any worker finds it. */
export type WorkPlace =
  /** A folder of this machine: for one process, or several on one machine. */
  | { kind: 'folder'; path: string }
  /** `prefix` is empty or ends with a slash. */
  | { kind: 'bucket'; store: StoreAddress; bucket: string; prefix: string };

/** Small text files by name; names have slashes. Throws only the errors of `lib/copy/model/errors.ts`. */
export interface WorkFiles {
  /** Undefined when there is none. */
  read(name: string, options?: CallOptions): Promise<string | undefined>;
  /** The first line, without its end; reads little more than that. Undefined when there is no such file. */
  readHead(name: string, options?: CallOptions): Promise<string | undefined>;
  /**
   * The file is there as a whole or not at all.
   * @returns false when `ifAbsent` was asked for and there is one already, which then stays as it is.
   */
  write(name: string, text: string, options?: CallOptions & { ifAbsent?: boolean }): Promise<boolean>;
  /** Names that begin with `prefix`, which has a slash; only files of the prefix's own folder. In ascending order. */
  list(prefix: string, options?: CallOptions): AsyncIterable<string>;
  /**
   * Removes at most `limit` files below `folder`, which ends in a slash. Absent: the files are kept until their owner removes them, as in
   * a bucket.
   */
  remove?(folder: string, limit: number): Promise<{ removed: number; isGone: boolean }>;
}

/** Ranges are named by digits and dots, so a dash tells where the number of the page begins. */
export function pageId(range: string, seq: number): string {
  return `${range}-${String(seq).padStart(6, '0')}`;
}

/** Of a page `range-seq`. */
export function seqOf(page: string): number {
  return Number(page.slice(page.lastIndexOf('-') + 1));
}

export function rangeOf(page: string): string {
  return page.slice(0, page.lastIndexOf('-'));
}

export const fileOf = {
  request: (batch: string) => `${batch}/request.json`,
  rules: (batch: string) => `${batch}/rules.json`,
  range: (batch: string, range: string) => `${batch}/ranges/${range}.json`,
  page: (batch: string, page: string) => `${batch}/pages/${page}.jsonl`,
  partial: (batch: string, page: string) => `${batch}/partial/${page}.json`,
  result: (batch: string, page: string) => `${batch}/results/${page}.jsonl`,
  rejected: (batch: string, page: string) => `${batch}/rejected/${page}.jsonl`,
  summary: (batch: string) => `${batch}/summary.json`,
};

export type Folder = 'pages' | 'partial' | 'results' | 'rejected' | 'ranges';

/** The pages (or ranges) that have a file in a folder, those that begin with `start`. */
export async function* namesIn(
  files: WorkFiles,
  batch: string,
  folder: Folder,
  start = '',
  options?: CallOptions,
): AsyncGenerator<string> {
  const place = `${batch}/${folder}/`;
  for await (const name of files.list(place + start, options)) yield name.slice(place.length).replace(/\.jsonl?$/, '');
}
