import { RetryLater } from '../model/errors.ts';
import { headIfThere } from '../model/head-if-there.ts';
import type { ObjectHead } from '../model/object.ts';
import type { CallOptions, ObjectStore, World } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';

/** For how long every queue can keep a message back (SQS has the lowest limit). */
const longestDelayMs = 900_000;

/** The part of a pin that an event tells as well. */
export interface Written {
  /** Of the source version that was copied. */
  etag: string;
  size: number;
  lastModified?: number;
  /** No version that was modified later, where only that is known. */
  notAfter?: number;
  /** Of the destination, to delete that and nothing newer. */
  destinationEtag: string;
}

/**
 * After a replica was written: looks at the source once more (I2). If it has moved on, another copy is sent; if it is gone
 * and the replica follows deletes, the replica just written goes too. Whatever happens to the source after this look has an
 * event of its own. Returns the source as seen, or undefined when it is gone.
 */
export async function lookAgain(
  world: World,
  store: ObjectStore,
  request: CopyRequest,
  written: Written,
  options: CallOptions = {},
): Promise<ObjectHead | undefined> {
  const head = await headIfThere(store, request.source, { ...options, checksum: true });
  if (!head) {
    if (request.options.followDelete) await deleteReplica(world, store, request, written.destinationEtag, options);
    return undefined;
  }
  const moved =
    head.etag !== written.etag ||
    head.size !== written.size ||
    (written.lastModified !== undefined && head.lastModified !== written.lastModified) ||
    (written.notAfter !== undefined && head.lastModified > written.notAfter);
  if (moved) await world.queue.send([{ kind: 'copy', request: currentVersion(request) }]);
  return head;
}

/**
 * A CopyObject or DELETE that was never answered may take effect after newer copies have been written (I2). Looks once more
 * when that can no longer happen, and copies only if the destination is not what it should be. A second look asks for no
 * third; otherwise re-checks would multiply during an outage.
 */
export async function lookAgainLater(world: World, request: CopyRequest): Promise<void> {
  if (isSecondLook(request)) return;
  const again = currentVersion({ ...request, options: { ...request.options, overwrite: 'if-different' } });
  await world.queue.send([{ kind: 'copy', request: again }], {
    delayMs: Math.min(world.settings.orphanGraceMs, longestDelayMs),
  });
}

/** A replica whose destination may be right already. */
export function isSecondLook({ mode, options }: CopyRequest): boolean {
  return mode === 'replicate' && options.overwrite === 'if-different';
}

/** The same request for whatever the source is now: nothing that ties it to one version. */
export function currentVersion(request: CopyRequest): CopyRequest {
  return { ...request, seen: undefined, idempotencyKey: undefined };
}

/**
 * Only the replica that was written a moment ago: a newer object of another writer stays. Not every store has a condition for that,
 * so a source that is there again is copied again.
 */
async function deleteReplica(
  world: World,
  store: ObjectStore,
  request: CopyRequest,
  etag: string,
  options: CallOptions,
): Promise<void> {
  const { source, destination } = request;
  const head = await headIfThere(store, destination, options);
  if (head?.etag !== etag) return;
  try {
    await store.delete(destination, { ...options, ifMatch: etag });
  } catch (error) {
    if (error instanceof RetryLater && error.effect === 'unknown') await lookAgainLater(world, request);
    throw error;
  }
  if (await headIfThere(store, source, options))
    await world.queue.send([{ kind: 'copy', request: currentVersion(request) }]);
}
