/** A run of consecutive parts of one size, bytes. A layout is a short list of runs, so a row stays small at 10,000 parts. */
export interface PartRun {
  size: number;
  count: number;
}
