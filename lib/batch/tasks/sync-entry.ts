/** One object of a sync, up to the copy itself, which is that of any batch. */
import { sameEtag } from '../../copy/fidelity/compare.ts';
import { SourceChanged } from '../../copy/model/errors.ts';
import { headIfThere } from '../../copy/model/head-if-there.ts';
import { keyedJobId } from '../../copy/model/ids.ts';
import type { Job } from '../../copy/model/job.ts';
import { describe, type ObjectRef } from '../../copy/model/object.ts';
import type { Invocation } from '../../copy/model/ports.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import type { PageEntry } from '../files/page-file.ts';
import type { BatchWorld } from '../model/world.ts';
import { destinationPlaceOf } from '../request/places.ts';
import type { BatchRequest } from '../request/request.ts';
import { decideSync, refusalToRemove, removeExtra, type SyncVerdict } from '../sync/decide.ts';
import { startKeyed } from './start-keyed.ts';

type Name = { batch: string; page: string; index: number };
/** What became of the object; a job that copies it away first; undefined: it is to be copied now. */
type Prepared = Exclude<SyncVerdict, { act: unknown }> | { job: string } | undefined;

/** The job copies a destination away before it is overwritten: the object itself is copied when it is done. */
export function isBackup({ mode, state, labels }: Pick<Job, 'mode' | 'state' | 'labels'>): boolean {
  return mode === 'copy' && state === 'done' && labels?.['step'] === 'backup';
}

/** Decides about the object, removes it where it has no source, and copies away what is to be overwritten. @throws CopyError */
export async function prepareSync(
  world: BatchWorld,
  request: BatchRequest,
  entry: PageEntry,
  name: Name,
  invocation: Invocation,
): Promise<Prepared> {
  const options = { deadline: invocation.deadline };
  const verdict = await decideSync(world, request, entry, options);
  if (!('act' in verdict)) return verdict;
  const backup = backupOf(request, entry);
  if (verdict.act === 'copy') return backup && (await copyAway(world, request, entry, name, invocation, backup));
  if (backup) return await moveAway(world, request, entry, name, invocation, backup);
  const removed = await removeExtra(world.store(request.store), request, entry, options);
  return 'act' in removed ? undefined : removed;
}

/** Where the destination goes that is overwritten or removed. */
function backupOf(request: BatchRequest, { destination, there }: PageEntry): ObjectRef | undefined {
  const { backup } = request.sync ?? {};
  const prefix = destinationPlaceOf(request)?.key ?? '';
  return backup && there && { bucket: backup.bucket, key: backup.prefix + destination.key.slice(prefix.length) };
}

/** A rename removes its source only after the copy is verified, and only the version that was copied. */
async function moveAway(
  world: BatchWorld,
  request: BatchRequest,
  entry: PageEntry,
  name: Name,
  invocation: Invocation,
  backup: ObjectRef,
): Promise<Prepared> {
  const store = world.store(request.store);
  const move: CopyRequest = { ...awayRequest(request, entry, name, backup), mode: 'rename', journal: true };
  const id = keyedJobId(move);
  // The row of a move that was begun knows how far it came.
  const isBegun = id !== undefined && (await world.state.get(id)) !== undefined;
  const kept = isBegun ? undefined : await refusalToRemove(store, request, entry, { deadline: invocation.deadline });
  if (kept) return 'act' in kept ? undefined : kept;
  const outcome = await startKeyed(world, move, { ...invocation, attempt: 1 });
  return outcome.kind === 'job' ? { job: outcome.job.id } : { status: 'removed', size: entry.size };
}

/** A page may come again after the copy was written: then the destination is what its source is, and there is nothing to keep. */
async function copyAway(
  world: BatchWorld,
  request: BatchRequest,
  entry: PageEntry,
  name: Name,
  invocation: Invocation,
  backup: ObjectRef,
): Promise<Prepared> {
  const options = { deadline: invocation.deadline };
  const { destination, there } = entry;
  const head = await headIfThere(world.store(request.store), destination, options);
  if (!head) return undefined;
  if (!sameEtag(head.etag, there?.etag) || head.size !== there?.size) {
    const now = await decideSync(world, request, { ...entry, there: head }, options);
    if (!('act' in now) && now.status === 'unchanged') return { ...now, status: 'copied' };
    throw new SourceChanged(
      `${describe(request.store, destination)} was written after it had been listed, so it was not overwritten. Run the command again to compare it anew.`,
    );
  }
  const copy: CopyRequest = { ...awayRequest(request, entry, name, backup), mode: 'copy' };
  // An equal object at the place of the backup may be our own.
  const outcome = await startKeyed(world, copy, { ...invocation, attempt: 2 });
  return outcome.kind === 'job' ? { job: outcome.job.id } : undefined;
}

function awayRequest(
  request: BatchRequest,
  { destination, there }: PageEntry,
  { batch, page, index }: Name,
  backup: ObjectRef,
): Omit<CopyRequest, 'mode'> {
  return {
    store: request.store,
    source: destination,
    destination: backup,
    options: { overwrite: 'never' },
    idempotencyKey: `batch/${batch}/${page}/${index}/backup`,
    ...(there && { seen: { etag: there.etag, size: there.size }, onlySeen: true }),
    labels: { ...request.labels, batch, step: 'backup' },
  };
}
