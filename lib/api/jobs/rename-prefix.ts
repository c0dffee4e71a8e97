/**
 * The rename of everything under a prefix: one row that remembers how far it is, and one message that comes again until
 * everything is done. Each object is a rename job of its own, so all promises of a rename hold for each of them.
 *
 * A page is a range of keys, fixed in the row before its first object moves. What has moved leaves the listing, so a page
 * that is done again, by a redelivery or because large objects take their time, only sees what is left of it. Its count is
 * added by the same compare-and-set that closes it, so nothing is counted twice.
 */
import { CopyError, RetryLater } from '../../copy/model/errors.ts';
import { forEachLimited } from '../../copy/model/for-each-limited.ts';
import type { Job } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { Invocation } from '../../copy/model/ports.ts';
import { move } from '../../copy/row/move.ts';
import { startCopy } from '../../copy/start.ts';
import { urlOf } from '../callers/object-url.ts';
import { requireAccess } from '../callers/policy.ts';
import { Problem } from '../http/problem.ts';
import type { ApiDeps } from '../model/deps.ts';
import type { RenamePrefixMessage } from '../model/message.ts';
import type { PrefixProgress } from '../views/prefix-progress.ts';
import { progressLabel, readProgress } from '../views/prefix-progress.ts';
import type { Start } from './start.ts';

const pageSize = 200;

/** Objects renamed at once. */
const atOnce = 16;

/** Until the next look at large objects that are still being copied. */
const pollMs = 2_000;

/** Left for the writes after the last object, milliseconds. */
const reserveMs = 5_000;

/** Writes the row and sends the message; a repeated request sends the message again, in case that was lost. */
export const startPrefix: Start = async ({ deps }, request, id) => {
  const now = deps.world.clock.now();
  const { mode, store, source, destination, options, labels, idempotencyKey } = request;
  const { job } = await deps.world.state.create({
    id,
    revision: 0,
    state: 'copying',
    many: true,
    mode,
    store,
    source,
    destination,
    options,
    labels: { ...labels, [progressLabel]: JSON.stringify({ moved: 0, failed: 0 } satisfies PrefixProgress) },
    idempotencyKey,
    partsDone: 0,
    createdAt: now,
    updatedAt: now,
  });
  await deps.messages.send([{ kind: 'rename-prefix', jobId: id }]);
  return job;
};

/** Goes on as far as time allows, and sends itself again for the rest. */
export async function renamePrefix(deps: ApiDeps, message: RenamePrefixMessage, invocation: Invocation): Promise<void> {
  let job = await deps.world.state.get(message.jobId);
  while (job && !isFinal(job.state)) {
    const { deadline } = invocation;
    if (deps.world.clock.now() > deadline - reserveMs) return deps.messages.send([message]);
    const progress = readProgress(job) ?? { moved: 0, failed: 0 };
    const page = progress.page ?? (await nextPage(deps, job, progress.after, deadline));
    if (!page) return finish(deps, job, progress);
    if (!progress.page) {
      job = await write(deps, job, { ...progress, page });
      continue;
    }
    const outcome = await renamePage(deps, job, { after: progress.after, until: page.until }, invocation);
    if (outcome.pending > 0) return deps.messages.send([message], { delayMs: pollMs });
    job = await write(deps, job, {
      after: page.until,
      moved: progress.moved + Math.max(0, page.size - outcome.failed),
      failed: progress.failed + outcome.failed,
      why: progress.why ?? outcome.why,
    });
  }
}

async function nextPage(deps: ApiDeps, job: Job, after: string | undefined, deadline: number) {
  const { bucket, key: prefix } = job.source;
  const keys = await deps.listKeys(job.store, bucket, { prefix, startAfter: after, limit: pageSize, deadline });
  const until = keys.at(-1);
  return until === undefined ? undefined : { until, size: keys.length };
}

/** @returns the row to continue with: ours, or that of a faster worker */
async function write(deps: ApiDeps, job: Job, progress: PrefixProgress): Promise<Job | undefined> {
  const labels = { ...job.labels, [progressLabel]: JSON.stringify(progress) };
  return (await move(deps.world, job, { labels })).job;
}

interface PageOutcome {
  pending: number;
  failed: number;
  /** Of the first failure. */
  why?: string;
}

async function renamePage(
  deps: ApiDeps,
  job: Job,
  { after, until }: { after?: string; until: string },
  invocation: Invocation,
): Promise<PageOutcome> {
  const outcome: PageOutcome = { pending: 0, failed: 0 };
  const { bucket, key: prefix } = job.source;
  for (let startAfter = after; ;) {
    const query = { prefix, startAfter, limit: pageSize, deadline: invocation.deadline };
    const listed = await deps.listKeys(job.store, bucket, query);
    const keys = listed.filter((key) => Buffer.compare(Buffer.from(key), Buffer.from(until)) <= 0);
    await forEachLimited(keys, atOnce, (key) => renameOne(deps, job, key, outcome, invocation));
    startAfter = listed.at(-1);
    if (startAfter === undefined || keys.length < listed.length || startAfter === until) return outcome;
  }
}

async function renameOne(
  deps: ApiDeps,
  job: Job,
  key: string,
  outcome: PageOutcome,
  invocation: Invocation,
): Promise<void> {
  const { world } = deps;
  const source = { bucket: job.source.bucket, key };
  const destination = { bucket: job.destination.bucket, key: job.destination.key + key.slice(job.source.key.length) };
  try {
    requireChildAccess(deps, job, [source, destination]);
    const { store, options, labels } = job;
    const own = { caller: labels?.['caller'] ?? '', parent: job.id };
    const identity = { idempotencyKey: `${job.idempotencyKey}:${key}`, journal: true, labels: own };
    const started = await startCopy(
      world,
      { mode: 'rename', store, source, destination, options, ...identity },
      invocation,
    );
    if (started.kind === 'job') outcome.pending += 1;
  } catch (error) {
    if (error instanceof RetryLater) outcome.pending += 1;
    else if (error instanceof CopyError || error instanceof Problem) {
      outcome.failed += 1;
      outcome.why ??= error.message;
    } else throw error;
  }
}

/** A key below an allowed prefix may still hold dots that lead out of it, and policies change while a job runs. */
function requireChildAccess(deps: ApiDeps, job: Job, refs: Job['source'][]): void {
  const name = job.labels?.['caller'];
  const caller = deps.everyone ?? deps.callers.find((candidate) => candidate.name === name);
  if (!caller) throw new Problem('forbidden', `Caller "${name}" is not configured any more.`);
  for (const ref of refs) {
    const store = urlOf(job.store, ref, deps.stores).split(':', 1)[0] ?? '';
    requireAccess(caller, 'write', { name: store, store: job.store, ...ref });
  }
}

async function finish(deps: ApiDeps, job: Job, { moved, failed, why }: PrefixProgress): Promise<void> {
  const finishing = await move(deps.world, job, { state: 'finishing' });
  if (!finishing.landed || !finishing.job) return;
  const expiresAt = deps.world.clock.now() + deps.world.settings.keepMs;
  if (failed === 0) {
    await move(deps.world, finishing.job, { state: 'done', expiresAt });
    return;
  }
  const message = `${failed} of ${moved + failed} objects were not renamed and are under their old names; the first: ${why}`;
  await move(deps.world, finishing.job, { state: 'failed', reason: { code: 'SomeFailed', message }, expiresAt });
}
