import type { BatchWorld } from '../model/world.ts';

/** Names one object of a batch for good: its batch, page and place in it. */
export interface EntryName {
  batch: string;
  page: string;
  index: number;
}

/** The idempotency key of its copy. */
export function entryKey({ batch, page, index }: EntryName): string {
  return `batch/${batch}/${page}/${index}`;
}

/** Whether it may be copied by parts, and its batch must remember that its job is done or on its way. */
export function isLarge({ settings: { partSizeMin, directMax } }: BatchWorld, { size }: { size?: number }): boolean {
  return size === undefined || size >= Math.min(partSizeMin, directMax);
}
