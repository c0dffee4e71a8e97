/** What must hold when a batch of a list has come to rest (I3): no content is gone, and each row says what became of it. */
import type { ResultLine } from '../../../lib/batch/index.ts';
import type { BatchSimulation } from './batch-simulation.ts';
import type { ListRow } from './list.ts';
import { fatesOf } from './list.ts';

export function judgeList(sim: BatchSimulation, rows: readonly ListRow[], lines: readonly ResultLine[]): string[] {
  const { scenario, table, id } = sim;
  const fates = fatesOf(rows, scenario.input.mode as 'copy' | 'rename');
  const faults: string[] = [];
  const isDone = id !== undefined && table.get(id)?.state === 'done';
  if (isDone && lines.length !== rows.length) faults.push(`${lines.length} lines for ${rows.length} rows`);
  for (const line of lines) {
    const n = (line.line ?? 0) - 1;
    const row = rows[n];
    const fate = fates[n];
    if (!row || !fate || row.key !== line.key) faults.push(`no row is ${JSON.stringify(line)}`);
    else faults.push(...judgeRow(sim, row, fate, line));
  }
  return [...faults, ...goneContents(sim)];
}

function judgeRow({ scenario, store }: BatchSimulation, row: ListRow, fate: string, line: ResultLine): string[] {
  const { status, error } = line;
  const isRefused = status === 'failed' && error?.code === 'RowConflict';
  const isRepeated = status === 'repeated';
  const wrong = (why: string): string[] => [`row ${line.line} ${why}: ${JSON.stringify(line)}`];
  if (isRefused !== (fate === 'conflict') || isRepeated !== (fate === 'repeated')) return wrong(`should be ${fate}`);
  const at = (key: string) => store.peek({ bucket: 'photos', key });
  const source = scenario.sources.get(row.key);
  if (status === 'copied' || status === 'renamed' || status === 'unchanged') {
    if (at(row.destination)?.content !== source?.content) return wrong('is not at its destination');
    return status === 'renamed' && at(row.key)?.content === source?.content ? wrong('is still at its old place') : [];
  }
  const before = scenario.occupied.get(row.destination);
  if (error?.code === 'DestinationExists' || status === 'skipped') return before ? [] : wrong('had nothing in its way');
  return isRefused || isRepeated || error?.code === 'RetryLater' || error?.code === 'Cancelled'
    ? []
    : wrong('was free');
}

/** Every source's content is somewhere; what else was there is gone only where the batch may overwrite. */
function goneContents({ scenario, store }: BatchSimulation): string[] {
  const there = new Set([...store.objects.values()].map(({ content }) => content));
  const { mode, options } = scenario.input;
  const mayReplace = (options.overwrite ?? (mode === 'rename' ? 'never' : 'always')) !== 'never';
  const kept = [...scenario.sources, ...(mayReplace ? [] : scenario.occupied)];
  return kept.flatMap(([key, { content }]) => (there.has(content) ? [] : [`the content of ${key} is gone`]));
}
