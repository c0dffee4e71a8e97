import { pageId } from '../model/work-files.ts';
import type { Batch } from './batch-row.ts';

/** How many pages the ranges have that are read to their end. */
export function pagesOf({ row }: Pick<Batch, 'row'>): number {
  return Object.values(row.ranges).reduce((sum, pages) => sum + pages, 0);
}

/** The pages of the ranges that are read to their end. */
export function pageIds({ row }: Batch): string[] {
  return Object.entries(row.ranges).flatMap(([range, pages]) =>
    Array.from({ length: pages }, (_, n) => pageId(range, n)),
  );
}

export function openRanges({ row }: Batch): string[] {
  return Object.entries(row.ranges).flatMap(([range, pages]) => (pages === 0 ? [range] : []));
}
