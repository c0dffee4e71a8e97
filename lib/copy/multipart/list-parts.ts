import { gaveUp } from '../model/errors.ts';
import type { Job } from '../model/job.ts';
import type { CallOptions, ObjectStore, PartEntry } from '../model/ports.ts';
import { partAt, partCount } from '../plan/plan.ts';

/** What the store itself says about an upload's parts: the truth that every decision to finish rests on. */
export interface Ledger {
  /** By part number. */
  parts: Map<number, PartEntry>;
  initiator?: string;
}

/** Reads ListParts to its end, or undefined when there is no such upload (any more). */
export async function readLedger(
  store: ObjectStore,
  job: Pick<Job, 'destination' | 'uploadId'>,
  options: CallOptions & { after?: number; limit?: number } = {},
): Promise<Ledger | undefined> {
  if (job.uploadId === undefined) return undefined;
  const ledger: Ledger = { parts: new Map() };
  let after = options.after;
  try {
    do {
      const page = await store.listParts(job.destination, job.uploadId, { ...options, after });
      for (const part of page.parts) ledger.parts.set(part.number, part);
      ledger.initiator = page.initiator ?? ledger.initiator;
      after = options.limit === undefined ? page.next : undefined;
    } while (after !== undefined);
    return ledger;
  } catch (error) {
    if (gaveUp(error, 'NoSuchUpload')) return undefined;
    throw error;
  }
}

/**
 * Whether the store counts the upload among the open ones; true where it cannot tell. Swift goes on to answer ListParts for an
 * upload that is completed, and only this tells the difference.
 */
export async function isListed(
  store: ObjectStore,
  job: Pick<Job, 'destination' | 'uploadId'>,
  options: CallOptions,
): Promise<boolean> {
  try {
    const uploads = await store.listUploads(job.destination, options);
    return uploads.some(({ uploadId }) => uploadId === job.uploadId);
  } catch (error) {
    if (gaveUp(error, 'Unsupported')) return true;
    throw error;
  }
}

/** True when the ledger holds part `number` of the plan at its planned size. */
export function holds(ledger: Ledger, job: Job, number: number): boolean {
  const { first, last } = partAt(job.parts ?? [], number);
  return ledger.parts.get(number)?.size === last - first + 1;
}

/** Planned part numbers that the ledger lacks or holds at another size, ascending. */
export function missingParts(ledger: Ledger, job: Job): number[] {
  const count = partCount(job.parts ?? []);
  return Array.from({ length: count }, (_, i) => i + 1).filter((number) => !holds(ledger, job, number));
}

/** Consecutive numbers as ranges of at most `longest`. */
export function ranges(numbers: readonly number[], longest: number): { from: number; count: number }[] {
  const result: { from: number; count: number }[] = [];
  for (const number of numbers) {
    const open = result.at(-1);
    if (open && open.from + open.count === number && open.count < longest) open.count += 1;
    else result.push({ from: number, count: 1 });
  }
  return result;
}
