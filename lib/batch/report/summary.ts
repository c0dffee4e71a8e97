import { leftOut } from '../../copy/fidelity/acl.ts';
import type { Cost } from '../../cost/request-prices.ts';
import { costOf } from '../../cost/request-prices.ts';
import type { Tally } from '../model/tally.ts';
import { isRuleMode } from '../model/rule.ts';
import type { BatchMode, BatchRequest } from '../request/request.ts';
import type { Batch } from '../rows/batch-row.ts';

/** `summary.json`: what became of a batch. Times are ISO 8601, sizes bytes. */
export interface Summary extends Tally {
  batch: string;
  mode: BatchMode;
  state: 'done' | 'failed' | 'cancelled';
  startedAt: string;
  endedAt: string;
  /** Pauses included. */
  seconds: number;
  objectsPerSecond: number;
  /** Of `calls` and `transfers`. */
  cost: Cost;
  /** What copies leave out unless asked: `acl`. */
  notKept?: string[];
  reason?: { code: string; message: string };
  labels?: Record<string, string>;
}

export function summaryOf(batch: Batch, state: Summary['state'], now: number, tally: Tally): Summary {
  const { id, job, request } = batch;
  const seconds = Math.max(1, now - job.createdAt) / 1000;
  return {
    batch: id,
    mode: request.mode,
    state,
    startedAt: new Date(job.createdAt).toISOString(),
    endedAt: new Date(now).toISOString(),
    seconds,
    objectsPerSecond: Math.round((10 * tally.entries) / seconds) / 10,
    ...tally,
    cost: costOf(request, tally.calls, tally.transfers),
    ...notKeptBy(request),
    ...(job.reason && { reason: job.reason }),
    ...(request.labels && { labels: request.labels }),
  };
}

function notKeptBy({ mode, options }: BatchRequest): { notKept?: string[] } {
  return mode === 'verify' || isRuleMode(mode) ? {} : leftOut({ mode: mode === 'sync' ? 'copy' : mode, options });
}
