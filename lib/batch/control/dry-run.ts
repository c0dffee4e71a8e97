import { dryRun } from '../../copy/dry-run.ts';
import { CopyError } from '../../copy/model/errors.ts';
import { forEachLimited } from '../../copy/model/for-each-limited.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import { wayBetween } from '../../cost/transfer-prices.ts';
import type { Rejected } from '../../sources/shared/source.ts';
import { needsCheck } from '../conflicts/needed.ts';
import type { ConflictPreview } from '../conflicts/preview.ts';
import { previewConflicts } from '../conflicts/preview.ts';
import type { PageEntry } from '../files/page-file.ts';
import { addRecords } from '../model/tally.ts';
import type { BatchWorld } from '../model/world.ts';
import { checkBatch, readRequest } from '../request/check.ts';
import type { BatchInput, BatchRequest } from '../request/request.ts';
import { defaultPageSize } from '../request/request.ts';
import { selectorOf } from '../request/select.ts';
import { openSourceOf } from '../tasks/open-source.ts';

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
  /** Of a deep verify: bytes that would be read at most, of both sides, if nothing but reading decided. */
  bytesReadAtMost?: number;
  /** Requests of those looked at, by operation. */
  calls: Record<string, number>;
  /** Bytes of those looked at that would cross from one region to another, by the way: `eu-west-1 -> us-east-1`. */
  transfers?: Record<string, number>;
  /** Those looked at that could not be copied, by error code. */
  failures: Record<string, number>;
  /** Rows that get in each other's way; absent where they cannot. */
  conflicts?: ConflictPreview;
  /** Examples of what would go where. */
  examples: { source: { bucket: string; key: string }; destination: { bucket: string; key: string } }[];
  permissions: string[];
}

const looksAtOnce = 16;
const examplesShown = 5;

/**
 * Reads the first `read` entries and looks at the first `look` of them, as a copy would; compares all rows with each other
 * where they may get in each other's way. Writes nothing.
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
  if (needsCheck(request)) {
    report.conflicts = await previewConflicts(request, () => selected(world, request, options));
  }
  const { mode } = request;
  if (mode === 'verify') {
    const looked = Math.min(look, entries.length);
    const calls = { HeadObject: 2 * looked, ...(request.compareAcl && { GetObjectAcl: 2 * looked }) };
    return { ...report, looked, calls, ...(request.deep && { bytesReadAtMost: 2 * report.bytes }) };
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
      if (would.transfer)
        report.transfers = addRecords(report.transfers ?? {}, { [wayBetween(would.transfer)]: would.size });
      would.permissions.forEach((action) => permissions.add(action));
    } catch (error) {
      if (!(error instanceof CopyError) || error.decision === 'retry') throw error;
      report.failures = addRecords(report.failures, { [error.code]: 1 });
    }
  });
  return { ...report, permissions: [...permissions].sort() };
}

/** The source from its beginning, in stretches of at most `limit` rows. */
async function* stretches(world: BatchWorld, request: BatchRequest, limit: number, options: CallOptions) {
  const select = selectorOf(request, world.store(request.store).facts);
  const source = openSourceOf(world, { request });
  try {
    for (const range of await source.ranges()) {
      for (let cursor, last = false; !last;) {
        const page = await source.reader.read(range, cursor, limit, { ...options, split: false, sample: true });
        const entries = page.entries.flatMap((entry) => select(entry) ?? []);
        yield { entries, read: page.entries.length, rejected: page.rejected };
        ({ cursor, last } = page);
      }
    }
  } finally {
    await source.close();
  }
}

async function* selected(world: BatchWorld, request: BatchRequest, options: CallOptions): AsyncGenerator<PageEntry> {
  for await (const { entries } of stretches(world, request, defaultPageSize, options)) yield* entries;
}

/** Reads that the request waits for; a list may hold nothing but rows that are malformed or left out. */
const readsAtMost = 20;

async function readSome(world: BatchWorld, request: BatchRequest, wanted: number, options: CallOptions) {
  const entries: PageEntry[] = [];
  const rejected: Rejected[] = [];
  let read = 0;
  let reads = 0;
  for await (const stretch of stretches(world, request, wanted, options)) {
    if (read >= wanted || (reads += 1) > readsAtMost)
      return { entries, rejected, leftOut: read - entries.length, more: true };
    entries.push(...stretch.entries);
    rejected.push(...stretch.rejected);
    read += stretch.read;
  }
  return { entries, rejected, leftOut: read - entries.length, more: false };
}
