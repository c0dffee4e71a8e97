/** Lists whose rows depend on one another, and what a list allows of them: computed row by row from the rule, not by the engine's join. */
import type { Random } from '../random.ts';

export interface ListRow {
  key: string;
  destination: string;
}

/**
 * - `free`: the row is done.
 * - `conflict`: it is refused.
 * - `repeated`: an earlier row is the same.
 */
export type Fate = 'free' | 'conflict' | 'repeated';

/** Few names for many rows: chains, swaps, cycles and duplicates come by themselves. */
export function drawRows(random: Random): ListRow[] {
  const names = 2 + random.below(random.pick([3, 12, 40]));
  const name = (): string => `k${random.below(names)}`;
  const rows: ListRow[] = [];
  const count = 1 + random.below(random.pick([4, 12, 30]));
  for (let n = 0; n < count; n += 1) {
    const row = { key: name(), destination: random.chance(0.5) ? name() : `x${random.below(2 * names)}` };
    if (row.key !== row.destination) rows.push(random.chance(0.1) ? (rows.at(-1) ?? row) : row);
  }
  return rows.length > 0 ? rows : [{ key: 'k0', destination: 'x0' }];
}

export function fatesOf(rows: readonly ListRow[], mode: 'copy' | 'rename'): Fate[] {
  return rows.map((row, n) => {
    const others = rows.filter((other) => !isSame(other, row));
    const stopped = others.some(
      ({ key, destination }) =>
        destination === row.destination || key === row.destination || (mode === 'rename' && key === row.key),
    );
    if (stopped) return 'conflict';
    return rows.slice(0, n).some((earlier) => isSame(earlier, row)) ? 'repeated' : 'free';
  });
}

function isSame(a: ListRow, b: ListRow): boolean {
  return a.key === b.key && a.destination === b.destination;
}
