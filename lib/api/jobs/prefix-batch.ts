/** The rename of everything under a prefix is a batch; each object is a rename of its own, with all promises of one. */
import type { BatchInput } from '../../batch/index.ts';
import { CopyError } from '../../copy/model/errors.ts';
import type { Job } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { Invocation } from '../../copy/model/ports.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import { move } from '../../copy/row/move.ts';
import type { Caller } from '../callers/callers.ts';
import { sameStore } from '../callers/object-url.ts';
import { areasIn } from '../callers/policy.ts';
import type { ApiDeps } from '../model/deps.ts';
import type { RenamePrefixMessage } from '../model/message.ts';
import {
  prefixRenameLabels,
  progressLabel,
  progressOfTally,
  readProgress,
  someFailed,
} from '../views/prefix-rename.ts';
import type { Start } from './start.ts';

const loadBatches = () => import('../../batch/index.ts');

/** Until the next look at the batch that does the rest of an older rename. */
const pollMs = 2_000;

/** Starts the batch; a repeated request finds it. */
export const startPrefix: Start = async ({ deps, caller, invocation }, request, id) => {
  const known = await deps.world.state.get(id);
  if (known && known.batch === undefined) await deps.messages.send([{ kind: 'rename-prefix', jobId: id }]);
  if (known) return known;
  const { startBatch } = await loadBatches();
  const rowLabels = { ...request.labels, ...prefixRenameLabels };
  const input = batchOfPrefix(deps, caller, request);
  const { batch } = await startBatch(deps.batches, input, { id, rowLabels, deadline: invocation.deadline });
  return batch.job;
};

type PrefixRequest = Pick<CopyRequest, 'store' | 'source' | 'destination' | 'options' | 'idempotencyKey'>;

function batchOfPrefix({ stores }: ApiDeps, caller: Caller, request: PrefixRequest): BatchInput {
  const { store, source, destination, options, idempotencyKey } = request;
  const { overwrite, ...others } = options;
  const names = Object.entries(stores).flatMap(([name, known]) => (sameStore(known, store) ? [name] : []));
  return {
    mode: 'rename',
    store,
    source: { kind: 'prefix', bucket: source.bucket, prefix: source.key },
    destination: { bucket: destination.bucket },
    ...(source.key !== destination.key && { mapping: { kind: 'prefix', from: source.key, to: destination.key } }),
    // A rename overwrites nothing anyway; said to a batch, it would count what stays as skipped.
    options: overwrite === 'never' ? others : options,
    areas: areasIn(caller, names),
    labels: { caller: caller.name },
    idempotencyKey,
  };
}

/**
 * Goes on with a rename that a version before batches began: a batch does the rest, and its end is written into the row that
 * the caller knows. The message comes again until then.
 */
export async function continuePrefix(
  deps: ApiDeps,
  message: RenamePrefixMessage,
  { deadline }: Invocation,
): Promise<void> {
  const { world, batches } = deps;
  const job = await world.state.get(message.jobId);
  if (!job || job.batch !== undefined) return;
  const { startBatch, batchRow, cancelBatch } = await loadBatches();
  const id = `${job.id}-rest`;
  if (isFinal(job.state)) {
    const rest = await world.state.get(id);
    if (job.state === 'cancelled' && rest && !isFinal(rest.state)) await cancelBatch(batches, id, { deadline });
    return;
  }
  const name = job.labels?.['caller'];
  const caller = deps.everyone ?? deps.callers.find((candidate) => candidate.name === name);
  if (!caller) return await fail(deps, job, 'Forbidden', `Caller "${name}" is not configured any more.`);
  try {
    const known = await world.state.get(id);
    const input = { ...batchOfPrefix(deps, caller, job), idempotencyKey: `${job.idempotencyKey}:rest` };
    const row = known ?? (await startBatch(batches, input, { id, deadline })).batch.job;
    const done = batchRow(row);
    if (!done?.summed) return await deps.messages.send([message], { delayMs: pollMs });
    if (row.reason) return await fail(deps, job, row.reason.code, row.reason.message);
    await finish(deps, job, progressOfTally(done.live.tally));
  } catch (error) {
    if (!(error instanceof CopyError) || error.decision === 'retry') throw error;
    await fail(deps, job, error.code, error.message);
  }
}

async function finish(deps: ApiDeps, job: Job, rest: { moved: number; failed: number }): Promise<void> {
  const before = readProgress(job) ?? { moved: 0, failed: 0 };
  // What failed before is still below the prefix, so the batch has tried it again.
  const progress = { moved: before.moved + rest.moved, failed: rest.failed };
  const labels = { ...job.labels, [progressLabel]: JSON.stringify(progress) };
  if (progress.failed > 0) {
    const { code, message } = someFailed(progress);
    return await fail(deps, { ...job, labels }, code, message);
  }
  const finishing = await move(deps.world, job, { state: 'finishing', labels });
  if (!finishing.landed || !finishing.job) return;
  await move(deps.world, finishing.job, { state: 'done', expiresAt: expiry(deps) });
}

async function fail(deps: ApiDeps, job: Job, code: string, message: string): Promise<void> {
  const { labels } = job;
  await move(deps.world, job, { state: 'failed', labels, reason: { code, message }, expiresAt: expiry(deps) });
}

function expiry({ world }: ApiDeps): number {
  return world.clock.now() + world.settings.keepMs;
}
