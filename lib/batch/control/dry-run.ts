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
import { checkBatch, copyModeOf, readRequest } from '../request/check.ts';
import type { BatchInput, BatchRequest } from '../request/request.ts';
import { defaultPageSize } from '../request/request.ts';
import { selectorOf } from '../request/select.ts';
import { ruleBatchOf } from '../tasks/rule-entry.ts';
import { openSourceOf } from '../tasks/open-source.ts';

/** What a batch would do, from a sample. Sizes are bytes. */
export interface BatchDryRun {
  /** Objects that were read and chosen; their sizes where the source tells them. */
  objects: number;
  bytes: number;
  /** There are more: the numbers are of the first ones. */
  more: boolean;
  /** Of those read: not chosen by filters or mapping. */
  leftOut: number;
  rejected: Rejected[];
  /** Rows that are not for copying, by why. */
  passedOver: Record<string, number>;
  /** Objects that were looked at one by one. */
  looked: number;
  /** Of a deep verify: bytes that would be read at most, of both sides, if nothing but reading decided. */
  bytesReadAtMost?: number;
  /** Ways in which those looked at would be copied: `direct`, `parts`, `unchanged`, `attributes-only`. */
  ways: Record<string, number>;
  /** Requests of those looked at, by operation. */
  calls: Record<string, number>;
  /** Bytes of those looked at that would cross from one region to another, by the way: `eu-west-1 -> us-east-1`. */
  transfers?: Record<string, number>;
  /** Those looked at that could not be copied, by error code. */
  failures: Record<string, number>;
  /** Those looked at that would lose something, by what. */
  lost: Record<string, number>;
  /** What copies leave out unless asked: `acl`. */
  notKept?: string[];
  /** Rows that get in each other's way; absent where they cannot. */
  conflicts?: ConflictPreview;
  /** Examples of what would go where. */
  examples: { source: { bucket: string; key: string }; destination: { bucket: string; key: string } }[];
  permissions: string[];
}

const looksAtOnce = 16;
const examplesShown = 5;
/** Malformed rows that are named. */
const rejectedShown = 100;

/**
 * Counts the first `read` rows and looks at the first `look` objects, as a copy would; compares all rows with each other
 * where they may get in each other's way. Writes nothing.
 * @throws CopyError what starting the batch would throw.
 */
export async function dryRunBatch(
  world: BatchWorld,
  input: BatchInput,
  { read = 100_000, look = 20, ...options }: CallOptions & { read?: number; look?: number } = {},
): Promise<BatchDryRun> {
  const request = readRequest(input);
  checkBatch(world, request);
  const { entries, ...found } = await readSome(world, request, { read, keep: Math.max(look, examplesShown) }, options);
  const report: BatchDryRun = {
    ...found,
    looked: 0,
    ways: {},
    calls: {},
    lost: {},
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
  if (request.mode === 'verify') {
    const looked = Math.min(look, entries.length);
    const calls = { HeadObject: 2 * looked, ...(request.compareAcl && { GetObjectAcl: 2 * looked }) };
    return { ...report, looked, calls, ...(request.deep && { bytesReadAtMost: 2 * report.bytes }) };
  }
  const its = ruleBatchOf(world, request);
  const permissions = new Set<string>();
  await forEachLimited(entries.slice(0, look), looksAtOnce, async (entry) => {
    report.looked += 1;
    const { bucket, key, versionId, destination } = entry;
    const source = { bucket, key, versionId };
    const options = { ...request.options, ...entry.options };
    const plain = { mode: copyModeOf(request.mode), store: request.store, source, destination, options };
    try {
      const would = await dryRun(world, its ? await its.work.requestOf(its.batch, entry) : plain);
      report.calls = addRecords(report.calls, would.calls);
      if (would.transfer)
        report.transfers = addRecords(report.transfers ?? {}, { [wayBetween(would.transfer)]: would.size });
      report.ways = addRecords(report.ways, { [would.way]: 1 });
      for (const what of new Set(would.lost.map((loss) => loss.what)))
        report.lost = addRecords(report.lost, { [what]: 1 });
      if (would.notKept) report.notKept = [...new Set([...(report.notKept ?? []), ...would.notKept])];
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
  const source = await openSourceOf(world, { request });
  try {
    for (const range of await source.ranges()) {
      for (let cursor, last = false; !last;) {
        const page = await source.reader.read(range, cursor, limit, { ...options, split: false, sample: true });
        const entries = page.entries.flatMap((entry) => select(entry) ?? []);
        yield { entries, read: page.entries.length, rejected: page.rejected, passedOver: page.passedOver };
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

/** So many rows are read at once; no reader gives out more at a time. */
const stretchRows = 1_000;

async function readSome(
  world: BatchWorld,
  request: BatchRequest,
  { read: wanted, keep }: { read: number; keep: number },
  options: CallOptions,
) {
  const entries: PageEntry[] = [];
  const rejected: Rejected[] = [];
  const sum = { objects: 0, bytes: 0, leftOut: 0, passedOver: {} as Record<string, number> };
  let read = 0;
  for await (const stretch of stretches(world, request, Math.min(wanted, stretchRows), options)) {
    if (read >= wanted) return { ...sum, entries, rejected, more: true };
    entries.push(...stretch.entries.slice(0, keep - entries.length));
    rejected.push(...stretch.rejected.slice(0, rejectedShown - rejected.length));
    sum.objects += stretch.entries.length;
    sum.bytes += stretch.entries.reduce((total, { size = 0 }) => total + size, 0);
    sum.passedOver = addRecords(sum.passedOver, stretch.passedOver);
    sum.leftOut += stretch.read - stretch.entries.length;
    read += stretch.read + stretch.rejected.length;
  }
  return { ...sum, entries, rejected, more: false };
}
