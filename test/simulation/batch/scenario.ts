/** What one batch is about, and the store before it. */
import type { BatchInput } from '../../../lib/batch/index.ts';
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import type { Random } from '../random.ts';
import type { ListRow } from './list.ts';
import { drawRows, fatesOf } from './list.ts';
import type { SmallStore, Stored } from './store.ts';

const MiB = 1024 * 1024;

export interface BatchScenario {
  input: BatchInput;
  /** Of a list; absent for a prefix. */
  rows?: ListRow[];
  /** The objects to copy, as they were at first, by key. */
  sources: Map<string, Stored>;
  /** What was at the destinations at first, by source key; of a list by its own key. */
  occupied: Map<string, Stored>;
  destinationOf(ref: ObjectRef): ObjectRef;
  cancels: boolean;
  invocationMs: number;
}

export function drawBatch(random: Random, store: SmallStore): BatchScenario {
  return random.chance(0.4) ? drawList(random, store) : drawPrefix(random, store);
}

function drawPrefix(random: Random, store: SmallStore): BatchScenario {
  const mode = random.pick(['copy', 'copy', 'rename', 'rename', 'metadata', 'verify'] as const);
  const overwrite = drawOverwrite(random, mode);
  const destinationOf = ({ bucket, key }: ObjectRef): ObjectRef =>
    mode === 'metadata' ? { bucket, key } : { bucket: 'backup', key: key.replace('in/', 'out/') };
  const sources = new Map<string, Stored>();
  const occupied = new Map<string, Stored>();
  const count = 1 + random.below(random.pick([4, 20, 40]));
  for (let n = 0; n < count; n += 1) {
    const key = `in/${random.pick(['a', 'b', 'ü', '2026/'])}${n}`;
    const size = random.chance(0.1) ? 30 * MiB : random.below(10_000);
    const source = store.put(
      { bucket: 'photos', key },
      { content: `content-${n}`, size, userMetadata: { n: String(n) } },
    );
    sources.set(key, source);
    if (mode === 'metadata' || !random.chance(0.3)) continue;
    const same = random.chance(0.5);
    const there = same ? source : { ...source, content: `other-${n}` };
    occupied.set(key, store.put(destinationOf({ bucket: 'photos', key }), there));
  }
  store.put({ bucket: 'photos', key: 'other/not-meant' }, { content: 'x', size: 1, userMetadata: {} });
  const input: BatchInput = {
    mode,
    store: { scheme: 's3' },
    source: { kind: 'prefix', bucket: 'photos', prefix: 'in/' },
    ...(mode !== 'metadata' && {
      destination: { bucket: 'backup' },
      mapping: { kind: 'prefix' as const, from: 'in/', to: 'out/' },
    }),
    options: mode === 'metadata' ? { metadata: { base: 'merge', set: { touched: 'yes' } } } : { overwrite },
    idempotencyKey: 'the-batch',
    ...drawPace(random),
  };
  const invocationMs = random.pick([10, 40]) * 1000;
  return { input, sources, occupied, destinationOf, cancels: random.chance(0.1), invocationMs };
}

/** A list of objects of one bucket, to other names in it. */
function drawList(random: Random, store: SmallStore): BatchScenario {
  const mode = random.pick(['copy', 'rename', 'rename'] as const);
  const rows = drawRows(random);
  const sources = new Map<string, Stored>();
  const occupied = new Map<string, Stored>();
  const put = (key: string): Stored => {
    const size = random.chance(0.1) ? 30 * MiB : random.below(10_000);
    return store.put({ bucket: 'photos', key }, { content: `content-of-${key}`, size, userMetadata: { key } });
  };
  for (const { key } of rows) if (!sources.has(key)) sources.set(key, put(key));
  for (const { destination } of rows) {
    if (!sources.has(destination) && !occupied.has(destination) && random.chance(0.15)) {
      occupied.set(destination, put(destination));
    }
  }
  const input: BatchInput = {
    mode,
    store: { scheme: 's3' },
    source: {
      kind: 'manifest',
      file: { bucket: 'lists', key: 'list.jsonl' },
      format: 'jsonl',
      bucket: 'photos',
    },
    options: { overwrite: drawOverwrite(random, mode) },
    idempotencyKey: 'the-batch',
    ...drawPace(random),
  };
  const free = rows.filter((_, n) => fatesOf(rows, mode)[n] === 'free');
  return {
    input,
    rows,
    sources,
    occupied,
    destinationOf: ({ key }) => ({
      bucket: 'photos',
      key: free.find((row) => row.key === key)?.destination ?? 'nowhere',
    }),
    cancels: random.chance(0.1),
    invocationMs: random.pick([10, 40]) * 1000,
  };
}

function drawOverwrite(random: Random, mode: string): 'always' | 'never' | 'if-different' | undefined {
  if (mode === 'copy') return random.pick(['always', 'never', 'if-different'] as const);
  return mode === 'rename' ? random.pick(['always', 'never', undefined] as const) : 'always';
}

function drawPace(random: Random): Partial<BatchInput> {
  return {
    pageSize: random.pick([1, 3, 10]),
    concurrency: random.pick([1, 4, 16]),
    ...(random.chance(0.2) && { limits: { requestsPerSecond: random.pick([5, 50]) } }),
    ...(random.chance(0.2) && { priority: 3 }),
  };
}
