/** What must hold when a batch has come to rest. */
import type { ResultLine, Summary } from '../../../lib/batch/index.ts';
import { batchRow } from '../../../lib/batch/rows/batch-row.ts';
import { pageIds } from '../../../lib/batch/rows/pages.ts';
import { isDeepStrictEqual } from 'node:util';
import type { BatchSimulation } from './batch-simulation.ts';
import { judgeList } from './judge-list.ts';

export function judge(sim: BatchSimulation): string[] {
  const { id, table, files, scenario } = sim;
  if (sim.violations.length > 0) return sim.violations;
  const job = id === undefined ? undefined : table.get(id);
  const row = job && batchRow(job);
  if (!id || !job || !row) return ['the batch was never created'];
  if (!row.summed) return [`the batch has not ended: ${job.state}`];
  const summary = JSON.parse(files.get(`${id}/summary.json`) ?? '{}') as Summary;
  const lines = linesOf(sim, id);
  const faults: string[] = [];
  if (job.state === 'failed') faults.push(`the batch failed: ${JSON.stringify(job.reason)}`);
  if (job.state === 'done') {
    for (const page of pageIds({ id, job, row, request: row.request, files: undefined as never })) {
      if (!files.has(`${id}/results/${page}.jsonl`)) faults.push(`page ${page} has no result`);
    }
    const keys = scenario.rows ? [] : lines.map(({ key }) => key).sort();
    const wanted = scenario.rows ? [] : [...scenario.sources.keys()].sort();
    if (!isDeepStrictEqual(keys, wanted)) faults.push(`counted are ${keys.join()} and not ${wanted.join()}`);
  }
  const counts: Record<string, number> = {};
  for (const { status } of lines) counts[status] = (counts[status] ?? 0) + 1;
  if (!isDeepStrictEqual(summary.counts, counts))
    faults.push(`the summary says ${JSON.stringify(summary.counts)}, the results ${JSON.stringify(counts)}`);
  if (summary.entries !== lines.length) faults.push(`the summary counts ${summary.entries} of ${lines.length}`);
  if (scenario.rows) return [...faults, ...judgeList(sim, scenario.rows, lines)];
  return [...faults, ...lines.flatMap((line) => judgeLine(sim, line)), ...lostObjects(sim)];
}

function linesOf({ files }: BatchSimulation, id: string): ResultLine[] {
  return [...files]
    .filter(([name]) => name.startsWith(`${id}/results/`))
    .flatMap(([, text]) => text.trim().split('\n').slice(1))
    .map((line) => JSON.parse(line) as ResultLine);
}

/** A line says what is so. */
function judgeLine({ scenario, store }: BatchSimulation, line: ResultLine): string[] {
  const { key, status, error } = line;
  const source = scenario.sources.get(key);
  const there = store.peek(scenario.destinationOf({ bucket: 'photos', key }));
  const before = scenario.occupied.get(key);
  const isCopy = there?.content === source?.content && there?.size === source?.size;
  const wrong = (why: string): string[] => [`${key} is said to be ${status}, but ${why}: ${JSON.stringify(line)}`];
  switch (status) {
    case 'copied':
    case 'unchanged':
      if (!isCopy) return wrong(`there is ${JSON.stringify(there)}`);
      if (scenario.input.mode === 'metadata' && there?.userMetadata['touched'] !== 'yes')
        return wrong('it is untouched');
      return [];
    case 'renamed':
      if (!isCopy) return wrong(`there is ${JSON.stringify(there)}`);
      return store.peek({ bucket: 'photos', key }) ? wrong('it is still at its old place') : [];
    case 'skipped':
      return before && there === before ? [] : wrong('nothing of others is there');
    case 'removed':
      return wrong('no rule was there to remove it by');
    case 'repeated':
      return wrong('nothing was listed twice');
    case 'same':
    case 'different':
      return (status === 'same') === isCopy && there === before ? [] : wrong('it is not so');
    case 'undecided':
      // The model's stores tell enough, except of what was written under KMS or in parts.
      return there?.size === source?.size && there === before ? [] : wrong('it is not so');
    case 'failed':
      if (error?.code === 'DestinationExists')
        return before && there === before && store.peek({ bucket: 'photos', key })
          ? []
          : wrong('nothing of others is there');
      return error?.code === 'RetryLater' || error?.code === 'Cancelled' ? [] : wrong('nothing was wrong with it');
  }
}

function lostObjects({ scenario, store }: BatchSimulation): string[] {
  return [...scenario.sources].flatMap(([key, { content }]) => {
    const places = [{ bucket: 'photos', key }, scenario.destinationOf({ bucket: 'photos', key })];
    return places.some((ref) => store.peek(ref)?.content === content) ? [] : [`${key} is lost`];
  });
}
