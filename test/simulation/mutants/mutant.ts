/** A deliberate fault in the engine, as data: production code carries no switches for it. */
export interface Mutant {
  /** What the faulty engine does. */
  name: string;
  /** Below `lib/`. */
  file: string;
  edits: readonly Edit[];
  /** The invariants that may be the first to notice. */
  caughtBy: readonly string[];
  /** Where to begin the search, for faults that show in one of many thousand schedules. */
  from?: number;
}

export interface Edit {
  /** Must stand in the file exactly once. */
  find: string;
  replace: string;
}
