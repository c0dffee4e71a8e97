/** A deliberate fault in the engine, as data: production code carries no switches for it. */
export interface Mutant {
  /** What the faulty engine does. */
  name: string;
  /** Below `lib/`. */
  file: string;
  edits: readonly Edit[];
  /** The invariants that may be the first to notice. */
  caughtBy: readonly string[];
}

export interface Edit {
  /** Must stand in the file exactly once. */
  find: string;
  replace: string;
}
