import type { CallOptions } from '../../copy/model/ports.ts';
import type { Rejected } from '../../sources/shared/source.ts';
import type { ResultLine } from '../files/result-file.ts';
import type { Status } from '../model/tally.ts';
import { fileOf, namesIn } from '../model/work-files.ts';
import type { BatchWorld } from '../model/world.ts';
import type { Batch } from '../rows/batch-row.ts';
import { openBatch } from '../rows/batch-row.ts';

/**
 * What became of each object, of all pages that are finished. In memory is one page at a time.
 * @throws GiveUp NotFound; RetryLater.
 */
export async function* resultsOf(world: BatchWorld, id: string, options: CallOptions = {}): AsyncGenerator<ResultLine> {
  const { files } = await openBatch(world, id);
  for await (const page of namesIn(files, id, 'results', '', options)) {
    const text = await files.read(fileOf.result(id, page), options);
    const [, ...lines] = (text ?? '').split('\n');
    for (const line of lines) if (line !== '') yield JSON.parse(line) as ResultLine;
  }
}

/** A stretch of the report, from a cursor on. */
export interface ResultStretch {
  lines: ResultLine[];
  /** Where the rest begins; absent at the end. */
  next?: string;
}

/**
 * At most `limit` results, of at most `maxPages` pages, in the order of the pages' names.
 * @param cursor `next` of the stretch before
 */
export async function resultsAfter(
  { id, files }: Batch,
  {
    cursor,
    status,
    limit,
    maxPages,
    ...options
  }: CallOptions & { cursor?: string; status?: Status; limit: number; maxPages: number },
): Promise<ResultStretch> {
  const [from = '', skip = '0'] = cursor?.split(':') ?? [];
  const lines: ResultLine[] = [];
  let pages = 0;
  for await (const page of namesIn(files, id, 'results', '', options)) {
    if (page < from) continue;
    if (pages === maxPages) return { lines, next: `${page}:0` };
    pages += 1;
    const text = await files.read(fileOf.result(id, page), options);
    const all = (text ?? '').split('\n').slice(1).filter(Boolean);
    for (let index = page === from ? Number(skip) : 0; index < all.length; index += 1) {
      if (lines.length === limit) return { lines, next: `${page}:${index}` };
      const line = JSON.parse(all[index] ?? '') as ResultLine;
      if (status === undefined || line.status === status) lines.push(line);
    }
  }
  return { lines };
}

/** The malformed rows of the source. @throws GiveUp NotFound; RetryLater. */
export async function* rejectedOf(world: BatchWorld, id: string, options: CallOptions = {}): AsyncGenerator<Rejected> {
  const { files } = await openBatch(world, id);
  for await (const page of namesIn(files, id, 'rejected', '', options)) {
    const text = await files.read(fileOf.rejected(id, page), options);
    for (const line of (text ?? '').split('\n')) if (line !== '') yield JSON.parse(line) as Rejected;
  }
}
