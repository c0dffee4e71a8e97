/** Lists whose rows depend on one another, and an oracle that says what must become of them. It shares no code with the product. */

/** A row of a list: the keys of a source and its destination, in one bucket. */
export type Row = readonly [from: string, to: string];

const shapes: Record<string, Row[]> = {
  'one destination': [
    ['a', 'x'],
    ['b', 'x'],
    ['c', 'y'],
  ],
  chain: [
    ['1', '2'],
    ['2', '3'],
    ['3', '4'],
  ],
  'chain, last row first': [
    ['3', '4'],
    ['2', '3'],
    ['1', '2'],
  ],
  swap: [
    ['x', 'y'],
    ['y', 'x'],
  ],
  'cycle of three': [
    ['x', 'y'],
    ['y', 'z'],
    ['z', 'x'],
  ],
  'one source, two places': [
    ['a', 'x'],
    ['a', 'y'],
  ],
  'listed twice': [
    ['a', 'x'],
    ['b', 'y'],
    ['a', 'x'],
  ],
};

/** A folder for each shape below `prefix`. */
export function rowsOfAllShapes(prefix: string): Row[] {
  return Object.entries(shapes).flatMap(([shape, rows]) =>
    rows.map(([from, to]): Row => [`${prefix}${shape}/${from}`, `${prefix}${shape}/${to}`]),
  );
}

/** About `rows` rows, of which one in ten is in a conflict, of every shape; the rest go each to a place of its own. */
export function longList(prefix: string, rows: number): Row[] {
  const conflicts: Row[] = [];
  for (let n = 0; conflicts.length < rows / 10; n += 1) conflicts.push(...rowsOfAllShapes(`${prefix}${n}/`));
  const plain = rows - conflicts.length;
  const list: Row[] = Array.from({ length: plain }, (_, n) => [`${prefix}in/${n}`, `${prefix}out/${n}`]);
  // Rivals stand far from each other: in pages, groups of pages and ranges of their own.
  for (const [n, row] of conflicts.entries()) list.splice((n * 7919) % (list.length + 1), 0, row);
  return list;
}

/** A body for the source of each row, which names it. */
export function bodiesOf(rows: readonly Row[]): Map<string, string> {
  return new Map(rows.map(([from]) => [from, `body of ${from}`]));
}

export interface Foreseen {
  /** Of each row, in the order of the list. */
  rows: { status: 'copied' | 'renamed' | 'repeated' | 'failed'; code?: string; others: number[] }[];
  /** Contents afterwards, by key. */
  after: Map<string, string>;
  /** As a batch tells them. */
  counts: Record<string, number>;
}

/** What must become of a list, by the rules in docs/batches.md; `before` are the contents of the bucket, by key. */
export function foresee(mode: 'copy' | 'rename', list: readonly Row[], before: ReadonlyMap<string, string>): Foreseen {
  const [bySource, byDestination] = [grouped(list, 0), grouped(list, 1)];
  const after = new Map(before);
  const rows = list.map(([from, to], n): Foreseen['rows'][number] => {
    const differs = (m: number): boolean => list[m]?.[0] !== from || list[m]?.[1] !== to;
    const others = [
      ...(byDestination.get(to) ?? []),
      ...(bySource.get(to) ?? []),
      ...(mode === 'rename' ? (bySource.get(from) ?? []) : []),
    ].filter(differs);
    if (others.length > 0) return { status: 'failed', code: 'RowConflict', others };
    const twins = (bySource.get(from) ?? []).filter((m) => !differs(m));
    if (twins[0] !== n) return { status: 'repeated', others: twins };
    if (mode === 'rename' && before.has(to)) return { status: 'failed', code: 'DestinationExists', others: [] };
    after.set(to, before.get(from) ?? '');
    if (mode === 'rename') after.delete(from);
    return { status: mode === 'rename' ? 'renamed' : 'copied', others: [] };
  });
  const counts: Record<string, number> = {};
  for (const { status } of rows) counts[status] = (counts[status] ?? 0) + 1;
  return { rows, after, counts };
}

function grouped(list: readonly Row[], side: 0 | 1): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [n, row] of list.entries()) groups.set(row[side], [...(groups.get(row[side]) ?? []), n]);
  return groups;
}

/** A result, as files and the command line tell it. */
export interface Told {
  key: string;
  line?: number;
  status: string;
  error?: { code: string; message: string };
  otherRow?: { line?: number };
}

/**
 * What is wrong in the results of a list, in words; empty when every row has one line, as foreseen, and every failed row
 * names a row that it is in conflict with.
 *
 * @param firstLine line of the first row: 2 below a header row.
 */
export function wrongIn(told: readonly Told[], { rows }: Foreseen, firstLine: number): string[] {
  const byLine = new Map(told.map((one) => [one.line, one]));
  const wrong = told.length === rows.length ? [] : [`${told.length} results for ${rows.length} rows`];
  for (const [n, { status, code, others }] of rows.entries()) {
    const one = byLine.get(n + firstLine);
    const isNamed = others.some((other) => other + firstLine === one?.otherRow?.line);
    const says = new RegExp(`\\bline ${one?.otherRow?.line} of the list`, 'i').test(one?.error?.message ?? '');
    const asForeseen = one?.status === status && one.error?.code === code && isNamed === others.length > 0;
    if (!asForeseen || (code === 'RowConflict' && !says)) {
      wrong.push(
        `row ${n}: foreseen ${status} ${code ?? ''} because of rows ${others.join()}; told ${JSON.stringify(one)}`,
      );
    }
  }
  return wrong;
}

/** Two lists of `count` rows each whose rows have the same destinations and different sources. */
export function rivals(prefix: string, count: number): [Row[], Row[]] {
  const side = (name: string): Row[] =>
    Array.from({ length: count }, (_, n) => [`${prefix}${name}/${n}`, `${prefix}out/${n}`]);
  return [side('left'), side('right').reverse()];
}

/**
 * What is wrong after two batches have renamed rival lists, in words: each destination holds what one of them brought, the
 * other says DestinationExists and has kept its source.
 *
 * @param before,after contents by key.
 * @param told results of each list.
 */
export function wrongAfterRivals(
  lists: readonly (readonly Row[])[],
  told: readonly (readonly Told[])[],
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const results = new Map(told.flat().map((one) => [one.key, one]));
  const wrong: string[] = [];
  const winners = new Map<string, string>();
  for (const [from, to] of lists.flat()) {
    const { status, error } = results.get(from) ?? {};
    const moved = after.get(to) === before.get(from) && !after.has(from);
    const kept = after.get(from) === before.get(from);
    if (status === 'renamed' && moved && !winners.has(to)) winners.set(to, from);
    else if (status !== 'failed' || error?.code !== 'DestinationExists' || !kept) {
      wrong.push(
        `${from}: ${status} ${error?.code ?? ''}; destination taken by ${winners.get(to)}; source kept: ${kept}`,
      );
    }
  }
  for (const to of new Set(lists.flat().map(([, to]) => to))) if (!winners.has(to)) wrong.push(`${to}: no row won it`);
  return wrong;
}
