/** What keeps an event of a rule from being replicated until a person mends the installation, and not the event. */
import type { GiveUpCode } from '../../copy/model/errors.ts';
import { gaveUp, RetryLater } from '../../copy/model/errors.ts';
import type { Job } from '../../copy/model/job.ts';
import type { ObjectEvent } from '../../replicate/events/event.ts';
import { writtenLabel } from '../../replicate/replicate.ts';

/** Credentials, permissions, buckets and endpoints: the next attempt may find them mended. */
const mendable: readonly GiveUpCode[] = [
  'AccessDenied',
  'InvalidCredentials',
  'NoSuchBucket',
  'PublicEndpointForbidden',
  'WrongEndpoint',
];

/** With the 200 deliveries of an event, about fourteen hours. */
const stepMs = 5_000;
const longestMs = 300_000;
export const mendableForMs = 14 * 3_600_000;

/** The error as one that comes again, ever later, where a person may mend its cause; any other as it is. */
export function keepTrying(error: unknown, attempt: number): unknown {
  if (!gaveUp(error, ...mendable)) return error;
  const delayMs = Math.min(longestMs, attempt * stepMs);
  return new RetryLater(error.message, { cause: error, answer: error.answer ?? { operation: error.code }, delayMs });
}

/** What is to become of the event behind a job that failed: an event like it, after a pause or, when it is too late, at once as a dead letter. */
export interface EventAgain {
  event: ObjectEvent;
  /** Absent: it was tried for long enough. */
  delayMs?: number;
  reason: string;
}

/** Undefined for a job that an event did not begin, or that failed for another reason. */
export function eventAgain(job: Job, now: number): EventAgain | undefined {
  const { state, mode, labels, reason, source, store } = job;
  const isRules = mode === 'replicate' && labels?.['rule'] !== undefined && labels['batch'] === undefined;
  if (!isRules || state !== 'failed' || !mendable.some((code) => code === reason?.code)) return undefined;
  const at = Number(labels?.[writtenLabel] ?? job.createdAt);
  const elapsed = Math.max(0, now - at);
  const event: ObjectEvent = {
    ...{ kind: 'created', scheme: store.scheme, bucket: source.bucket, key: source.key, at },
    ...{ source: 'a job that failed', id: job.id },
  };
  const about = { event, reason: reason?.message ?? '' };
  if (elapsed > mendableForMs) return about;
  return { ...about, delayMs: Math.min(longestMs, Math.max(stepMs, elapsed / 4)) };
}
