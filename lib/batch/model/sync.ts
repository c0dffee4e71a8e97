/** What a `sync` may do besides copying what is missing or different. */
export interface SyncRequest {
  /** Remove destination objects that have no source. */
  delete?: boolean;
  /** How many of them at most, of all destination objects that are compared; more, and the batch ends before its first write. */
  maxDelete?: MaxDelete;
  /** A source without any object is no reason to stop. */
  allowEmptySource?: boolean;
  /** What is overwritten or removed is copied there first, by its name below the destination's prefix. */
  backup?: { bucket: string; prefix: string };
  /** A source written after its copy is copied, although size and ETag are equal. */
  compareTime?: boolean;
  /** With a copy of the same size, written after its source, of which the stores tell nothing more; default `report`. */
  undecided?: Undecided;
}

/** `report`: leave it, and say so. `keep`: take it for equal. `copy`: write it once more. */
export const undecidedChoices = ['report', 'keep', 'copy'] as const;
export type Undecided = (typeof undecidedChoices)[number];

export type MaxDelete = { objects: number } | { percent: number };
export const defaultMaxDelete: MaxDelete = { percent: 50 };

/** Objects that the listings of a sync have shown, as far as they are chosen. */
export interface SidesSeen {
  sources: number;
  destinations: number;
  /** Destinations without a source. */
  extras: number;
}
