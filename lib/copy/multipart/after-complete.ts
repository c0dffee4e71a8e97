import { lookAgain } from '../after/recheck-source.ts';
import { removeSource } from '../after/remove-source.ts';
import { keepSourceOnLoss } from '../fidelity/accept-loss.ts';
import { applyAcl, leftOut } from '../fidelity/acl.ts';
import { carryAnnotations, lackingAnnotations } from '../fidelity/annotations.ts';
import { expectedFrom } from '../fidelity/expected.ts';
import { keptOf } from '../fidelity/kept.ts';
import { ensureTags, headerLosses } from '../fidelity/losses.ts';
import { putRight } from '../fidelity/restore-kept.ts';
import { judge, verifyWritten } from '../fidelity/verify.ts';
import { RetryLater } from '../model/errors.ts';
import { headIfThere } from '../model/head-if-there.ts';
import type { Job } from '../model/job.ts';
import { isPinned, requestOf } from '../model/job.ts';
import type { ObjectHead } from '../model/object.ts';
import { describe } from '../model/object.ts';
import type { CallOptions, ObjectStore, World, WriteResult } from '../model/ports.ts';
import type { CopyResult, FidelityLoss } from '../model/result.ts';
import { crossed } from '../plan/check-region.ts';
import { partCount } from '../plan/plan.ts';
import { abortOwn } from '../row/end.ts';
import { move } from '../row/move.ts';
import { restart } from './restart.ts';

export interface Conclusion {
  /** The source as seen before Complete; absent when it is gone by now. */
  source?: ObjectHead;
  /** What Complete answered; absent when its answer was lost. */
  written?: WriteResult;
  /** ETag under which the destination was proved to be our copy when the answer was lost. */
  provenEtag?: string;
  /** `direct` when a CopyObject of ours came first after all, and no upload was needed. */
  way?: 'parts' | 'direct';
  /** The upload may not have been used up: it is aborted when the job is done. */
  uploadMayStand?: boolean;
}

/**
 * After Complete took effect: verifies the destination, reports what could not be kept, does what the mode asks (the source
 * of a rename goes, a replica looks at its source again), and marks the job done.
 */
export async function conclude(
  world: World,
  store: ObjectStore,
  job: Job,
  { source, written, provenEtag, way = 'parts', uploadMayStand = false }: Conclusion,
  options: CallOptions,
): Promise<void> {
  const { pin } = job;
  if (!pin) throw new Error(`job ${job.id} has parts but no pinned source`);
  const request = requestOf(job);
  const found = await headIfThere(store, job.destination, { ...options, checksum: true });
  if (!found) throw new RetryLater(`${describe(job.store, job.destination)} is not visible yet.`, { delayMs: 1000 });
  const evidence = {
    pin,
    expectedEtag: job.expectedEtag,
    writtenEtag: written?.etag ?? provenEtag,
    verify: job.options.verify,
    strict: job.mode === 'rename',
  };
  if (job.mode === 'replicate' && judge(found, evidence) === 'mismatch') {
    // Another copy of ours or a stranger has written since. The source decides what belongs there.
    await restart(world, job);
    return;
  }
  const proof = verifyWritten(describe(job.store, job.destination), found, evidence);
  const kept = job.mode === 'metadata' ? keptOf(job) : undefined;
  const losses = kept
    ? (await putRight(store, request, found, kept, { ...options, late: !written })).lost
    : [...(job.acl?.lost ?? []), ...(await applyAcl(store, job.destination, job.acl?.document, options))];
  // What stands there by now may be another version: nothing of it belongs on this copy.
  if (source && (job.mode === 'metadata' || isPinned(pin, source))) {
    losses.push(...headerLosses(expectedFrom(source, request), found));
  }
  // What a copy onto itself took away is put right from what was read before, for by now the source is its result. The tags of
  // the pinned version are in the row, so they are set whatever became of the source.
  if (!kept)
    losses.push(...(await ensureTags(store, job.destination, found, job.tags ?? {}, job.options.tags, options)));
  losses.push(...(await annotationLosses(store, job, source, found, options)));
  keepSourceOnLoss(request, losses);
  if (job.mode === 'rename') await removeSource(store, { ...request, pin }, options);
  if (job.mode === 'replicate')
    await lookAgain(world, store, request, { ...pin, destinationEtag: found.etag }, options);
  const result: CopyResult = {
    way,
    size: found.size,
    etag: found.etag,
    versionId: found.versionId,
    parts: way === 'parts' ? partCount(job.parts ?? []) : undefined,
    verifiedBy: proof,
    lost: losses,
    ...(await crossed(store, job)),
    ...leftOut(request),
    sourceRemoved: job.mode === 'rename' ? true : undefined,
  };
  await markDone(world, job, result, uploadMayStand);
}

/**
 * An upload in parts begins without annotations, so they follow it. A rename asks for them once more: a client may have hung some
 * on the source while the parts were copied.
 */
async function annotationLosses(
  store: ObjectStore,
  job: Job,
  source: ObjectHead | undefined,
  found: ObjectHead,
  options: CallOptions,
): Promise<FidelityLoss[]> {
  const { mode, pin } = job;
  const { count, lost } = job.annotations ?? { count: 0, lost: [] };
  if (mode === 'metadata' || lost.length > 0) return lost;
  const to = { ...job.destination, versionId: found.versionId };
  if (!source || !pin || !isPinned(pin, source)) return await lackingAnnotations(store, to, count, options);
  if (count === 0 && mode !== 'rename') return [];
  const from = { ...job.source, versionId: source.versionId ?? job.source.versionId };
  return await carryAnnotations(store, from, to, found.etag, options);
}

/** The sweep or a late counter may have touched the row while we held it; the row is ours as long as the lease is. */
async function markDone(world: World, job: Job, result: CopyResult, uploadMayStand: boolean): Promise<void> {
  const now = world.clock.now();
  let row = job;
  for (;;) {
    const done = await move(world, row, {
      state: 'done',
      result,
      lease: undefined,
      abortPending: uploadMayStand || undefined,
      attentionAt: uploadMayStand ? now : row.intents?.length ? now + world.settings.orphanGraceMs : undefined,
      expiresAt: now + world.settings.keepMs,
    });
    if (done.landed && uploadMayStand) await abortOwn(world, job);
    if (done.landed || done.job?.state !== 'finishing' || done.job.lease?.holder !== job.lease?.holder) return;
    row = done.job;
  }
}
