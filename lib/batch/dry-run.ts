import { CopyError } from '../copy/errors.ts';
import { dryRun } from '../copy/dry-run.ts';
import { forEachLimited } from '../copy/pool.ts';
import type { CallOptions } from '../copy/ports.ts';
import { checkBatch, readRequest } from './check.ts';
import type { PageEntry } from './page-file.ts';
import type { BatchInput, BatchRequest } from './request.ts';
import { selectorOf } from './select.ts';
import { openSourceOf } from './source-of.ts';
import type { Rejected } from './sources/source.ts';
import { addRecords } from './tally.ts';
import type { BatchWorld } from './world.ts';

/** What a batch would do, from a sample. Sizes are bytes. */
export interface BatchDryRun {
  /** Objects that were read and chosen; their sizes where the source tells them. */
  objects: number;
  bytes: number;
  /** There are more: the numbers are of a sample. */
  more: boolean;
  /** Of those read: not chosen by filters or mapping. */
  leftOut: number;
  rejected: Rejected[];
  /** Objects that were looked at one by one. */
  looked: number;
  /** Requests of those looked at, by operation. */
  calls: Record<string, number>;
  /** Those looked at that could not be copied, by error code. */
  failures: Record<string, number>;
  /** Examples of what would go where. */
  examples: { source: { bucket: string; key: string }; destination: { bucket: string; key: string } }[];
  permissions: string[];
}

const looksAtOnce = 16;
const examplesShown = 5;

/**
 * Reads the first `read` entries and looks at the first `look` of them, as a copy would. Writes nothing.
 * @throws CopyError what starting the batch would throw.
 */
export async function dryRunBatch(
  world: BatchWorld,
  input: BatchInput,
  { read = 1_000, look = 20, ...options }: CallOptions & { read?: number; look?: number } = {},
): Promise<BatchDryRun> {
  const request = readRequest(input);
  checkBatch(world, request);
  const { entries, ...found } = await readSome(world, request, read, options);
  const report: BatchDryRun = {
    ...found,
    objects: entries.length,
    bytes: entries.reduce((sum, { size = 0 }) => sum + size, 0),
    looked: 0,
    calls: {},
    failures: {},
    examples: entries.slice(0, examplesShown).map(({ bucket, key, destination }) => ({
      source: { bucket, key },
      destination,
    })),
    permissions: [],
  };
  const { mode } = request;
  if (mode === 'verify') {
    const calls = { HeadObject: 2 * Math.min(look, entries.length) };
    return { ...report, looked: Math.min(look, entries.length), calls };
  }
  const permissions = new Set<string>();
  await forEachLimited(entries.slice(0, look), looksAtOnce, async (entry) => {
    report.looked += 1;
    const { bucket, key, versionId, destination } = entry;
    const source = { bucket, key, versionId };
    const one = { mode, store: request.store, source, destination, options: { ...request.options, ...entry.options } };
    try {
      const would = await dryRun(world, one);
      report.calls = addRecords(report.calls, would.calls);
      would.permissions.forEach((action) => permissions.add(action));
    } catch (error) {
      if (!(error instanceof CopyError) || error.decision === 'retry') throw error;
      report.failures = addRecords(report.failures, { [error.code]: 1 });
    }
  });
  return { ...report, permissions: [...permissions].sort() };
}

/** Reads that the request waits for; a list may hold nothing but rows that are malformed or left out. */
const readsAtMost = 20;

async function readSome(world: BatchWorld, request: BatchRequest, wanted: number, options: CallOptions) {
  const select = selectorOf(request, world.store(request.store).facts);
  const source = openSourceOf(world, { request });
  const entries: PageEntry[] = [];
  const rejected: Rejected[] = [];
  let leftOut = 0;
  let reads = 0;
  try {
    const ranges = await source.ranges();
    for (const range of ranges) {
      for (let cursor, last = false; !last;) {
        const limit = wanted - entries.length - leftOut;
        if (limit <= 0 || (reads += 1) > readsAtMost) return { entries, rejected, leftOut, more: true };
        const page = await source.reader.read(range, cursor, limit, { ...options, split: false, sample: true });
        const chosen = page.entries.flatMap((entry) => select(entry) ?? []);
        leftOut += page.entries.length - chosen.length;
        entries.push(...chosen);
        rejected.push(...page.rejected);
        ({ cursor, last } = page);
      }
    }
    return { entries, rejected, leftOut, more: false };
  } finally {
    await source.close();
  }
}
