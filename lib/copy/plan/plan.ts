import { GiveUp } from '../model/errors.ts';
import type { PartRun } from '../model/job.ts';
import type { StoreFacts } from '../model/store-facts.ts';
import type { Settings } from '../model/settings.ts';

const MiB = 1024 * 1024;

/** One CopyObject, or exact part ranges. */
export type Plan = { way: 'direct' } | { way: 'parts'; parts: PartRun[] };

export interface PlanInput {
  /** Bytes. */
  size: number;
  sameBucket: boolean;
  /** The copy changes storage class or encryption (an encrypted source counts), so the store must rewrite the data. */
  rewrite: boolean;
  facts: StoreFacts;
  settings: Settings;
  /** Asked for by the caller; also the size from which parts are used. */
  partSize?: number;
  concurrency?: number;
  /** The source's own part layout, where the store tells it. */
  sourceLayout?: PartRun[];
  /** One CopyObject was tried and the store (or the clock) refused it. */
  directRefused?: boolean;
}

/**
 * Decides how an object is copied. Pure: equal input gives the equal plan, so a part number means the same range however
 * often it is sent.
 *
 * @throws GiveUp TooManyParts, TooLarge or BadRequest before anything is written.
 */
export function plan(input: PlanInput): Plan {
  const { size, facts } = input;
  if (size === 0) return { way: 'direct' };
  if (size > facts.maxObjectSize) {
    throw new GiveUp('TooLarge', `The object has ${size} bytes; this store keeps at most ${facts.maxObjectSize}.`);
  }
  if (!input.directRefused && size <= directCeiling(input)) return { way: 'direct' };
  if (input.partSize !== undefined) {
    checkPartSize(size, input.partSize, facts);
    return { way: 'parts', parts: uniform(size, input.partSize) };
  }
  if (input.sourceLayout && isUsable(input.sourceLayout, size, input))
    return { way: 'parts', parts: input.sourceLayout };
  return { way: 'parts', parts: uniform(size, choosePartSize(input)) };
}

/** Largest size for which one CopyObject is both allowed and the faster way. */
function directCeiling({ sameBucket, rewrite, facts, settings, partSize }: PlanInput): number {
  if (partSize !== undefined) return Math.min(partSize, allowedDirect(sameBucket, rewrite, facts, settings));
  const allowed = allowedDirect(sameBucket, rewrite, facts, settings);
  // A shallow copy moves no bytes: parts would be slower at any size.
  return allowed === Infinity ? Infinity : Math.min(allowed, settings.directMax);
}

function allowedDirect(sameBucket: boolean, rewrite: boolean, facts: StoreFacts, settings: Settings): number {
  if (rewrite) return facts.directRewrite;
  if (sameBucket) return facts.directSameBucket;
  return Math.min(facts.directOtherBucket, settings.directOtherBucketMax);
}

/**
 * Equal waves of `concurrency` parts, as few waves as the largest part size allows: the shortest makespan when every part
 * copies at the same speed. Grows past `partSizeMax` only where 10,000 parts would not reach.
 */
function choosePartSize({ size, facts, settings, concurrency = settings.concurrency }: PlanInput): number {
  const smallest = Math.max(settings.partSizeMin, facts.minPartSize);
  const largest = Math.max(smallest, Math.min(settings.partSizeMax, facts.maxPartSize));
  const waves = Math.ceil(size / (concurrency * largest));
  const even = roundUp(Math.ceil(size / (waves * concurrency)));
  const wanted = Math.min(Math.max(even, smallest), largest);
  const needed = Math.ceil(size / facts.maxParts);
  return needed <= wanted ? wanted : Math.min(roundUp(needed), facts.maxPartSize);
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / MiB) * MiB;
}

function checkPartSize(size: number, partSize: number, facts: StoreFacts): void {
  if (!Number.isInteger(partSize) || partSize < facts.minPartSize || partSize > facts.maxPartSize) {
    throw new GiveUp(
      'BadRequest',
      `A part size of ${partSize} bytes is outside this store's ${facts.minPartSize} to ${facts.maxPartSize}.`,
    );
  }
  const count = Math.ceil(size / partSize);
  if (count > facts.maxParts) {
    const enough = roundUp(Math.ceil(size / facts.maxParts));
    throw new GiveUp(
      'TooManyParts',
      `Parts of ${partSize} bytes would need ${count} parts for ${size} bytes; the store allows ${facts.maxParts}. ` +
        `Use at least ${enough} bytes (${enough / MiB} MiB), or leave the part size out.`,
    );
  }
}

function uniform(size: number, partSize: number): PartRun[] {
  const full = Math.floor(size / partSize);
  const rest = size - full * partSize;
  const runs: PartRun[] = [];
  if (full > 0) runs.push({ size: partSize, count: full });
  if (rest > 0) runs.push({ size: rest, count: 1 });
  return runs;
}

/** A source's layout is repeated only where its parts are legal here and no slower than ours would be. */
function isUsable(layout: PartRun[], size: number, { facts, settings }: PlanInput): boolean {
  const count = partCount(layout);
  if (count === 0 || count > facts.maxParts || totalSize(layout) !== size) return false;
  return layout.every((run, i) => {
    const isLastPart = i === layout.length - 1 && run.count === 1;
    return run.size <= settings.partSizeMax && (isLastPart || run.size >= facts.minPartSize);
  });
}

/**
 * The layout of a source of `size` bytes in `count` parts whose first part has `first` bytes, when all but the last part
 * are of that size; undefined when they cannot be (S3 allows uneven parts, and one HEAD does not tell them apart).
 */
export function layoutFromFirstPart(size: number, count: number, first: number): PartRun[] | undefined {
  if (first <= 0 || count !== Math.ceil(size / first)) return undefined;
  return uniform(size, first);
}

/** Number of parts of a layout. */
export function partCount(runs: readonly PartRun[]): number {
  return runs.reduce((sum, run) => sum + run.count, 0);
}

/** Bytes of a layout. */
export function totalSize(runs: readonly PartRun[]): number {
  return runs.reduce((sum, run) => sum + run.size * run.count, 0);
}

/** Byte range of part `number` (from 1), `last` inclusive. @throws RangeError for a number outside the layout. */
export function partAt(runs: readonly PartRun[], number: number): { first: number; last: number } {
  let offset = 0;
  let before = 0;
  for (const run of runs) {
    if (number > before && number <= before + run.count) {
      const first = offset + (number - before - 1) * run.size;
      return { first, last: first + run.size - 1 };
    }
    before += run.count;
    offset += run.size * run.count;
  }
  throw new RangeError(`part ${number} is not in a plan of ${before} parts`);
}

/** Splits `count` parts into tasks: enough to use the concurrency and balance it, few enough to keep state writes cheap. */
export function partsPerTask(count: number, settings: Settings, concurrency = settings.concurrency): number {
  const tasks = Math.max(1, concurrency * settings.tasksPerWorker);
  return Math.min(settings.partsPerTaskMax, Math.ceil(count / tasks));
}
