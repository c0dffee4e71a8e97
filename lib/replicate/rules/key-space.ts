/**
 * Sets of keys, over-approximated by how keys start and end: what is said not to meet certainly does not. Checks that
 * refuse and loop detection both want that direction.
 */
export interface KeySpace {
  bucket: string;
  /** A key of the space starts with one of these. */
  starts: readonly string[];
  /** And ends with one of these. */
  ends: readonly string[];
}

/** False only when no key can be in both. */
export function mayMeet(a: KeySpace, b: KeySpace): boolean {
  if (a.bucket !== b.bucket) return false;
  const starts = anyPair(a.starts, b.starts, (x, y) => x.startsWith(y) || y.startsWith(x));
  return starts && anyPair(a.ends, b.ends, (x, y) => x.endsWith(y) || y.endsWith(x));
}

function anyPair(a: readonly string[], b: readonly string[], fits: (x: string, y: string) => boolean): boolean {
  return a.some((x) => b.some((y) => fits(x, y)));
}

/** The prefixes that keys under both `prefix` and one of `others` have; empty when there can be none. */
export function narrow(prefix: string, others: readonly string[] | undefined): string[] {
  if (!others) return [prefix];
  return others
    .filter((other) => other.startsWith(prefix) || prefix.startsWith(other))
    .map((other) => (other.length > prefix.length ? other : prefix));
}
