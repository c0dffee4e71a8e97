import { lookAgain } from '../after/recheck-source.ts';
import { leftOut } from '../fidelity/acl.ts';
import { expectedFrom } from '../fidelity/expected.ts';
import { headerLosses } from '../fidelity/losses.ts';
import { gaveUp, SourceChanged } from '../model/errors.ts';
import { headIfThere } from '../model/head-if-there.ts';
import type { ObjectHead } from '../model/object.ts';
import { customerKeyOf } from '../model/object.ts';
import type { CallOptions, ObjectStore, World, WriteResult } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import type { CopyResult, FidelityLoss } from '../model/result.ts';
import { crossed } from '../plan/check-region.ts';
import { prefersParts } from '../plan/choose-plan.ts';
import { plan } from '../plan/plan.ts';
import { copyOnce, mayLose, mayLoseChecksum } from './copy.ts';

/** A small replica that an event told enough about: no HEAD before the copy is needed. */
export function canCopyUnseen(world: World, store: ObjectStore, request: CopyRequest): boolean {
  const { mode, seen, options, journal } = request;
  if (mode !== 'replicate' || !seen || journal || seen.etag === '') return false;
  if (options.metadata || options.tags || options.encryption || (options.acl ?? 'default') === 'keep') return false;
  if (options.overwrite !== undefined && options.overwrite !== 'always') return false;
  // Such a copy is not plain, so what it lacks would be seen after the write, and it would be written twice.
  if (customerKeyOf(request.store, request.source) ?? customerKeyOf(request.store, request.destination)) return false;
  const { facts } = store;
  const sameBucket = request.source.bucket === request.destination.bucket;
  const rewrite = options.storageClass !== undefined;
  return plan({ size: seen.size, sameBucket, rewrite, facts, settings: world.settings, ...options }).way === 'direct';
}

/**
 * The cheapest replica: CopyObject pinned to the event's ETag, then one HEAD of the source. The HEAD is the look that makes
 * replicas converge (I2), and it tells as well whether the source has a class or encryption that CopyObject does not carry.
 * Returns undefined when the long way must be taken: the event was stale, the plain copy was not faithful, or the store wants
 * parts.
 */
export async function copyUnseen(
  world: World,
  store: ObjectStore,
  request: CopyRequest,
  seen: { etag: string; size: number },
  options: CallOptions,
): Promise<CopyResult | undefined> {
  // Said outright: a destination bucket may have another default class.
  const storageClass = request.options.storageClass ?? store.facts.defaultStorageClass;
  let written;
  try {
    written = await copyOnce(
      world,
      store,
      request,
      {
        source: request.source,
        sourceIfMatch: seen.etag,
        destination: request.destination,
        metadata: { directive: 'copy' },
        tags: 'copy',
        storageClass,
        acl: request.options.acl === 'default' ? undefined : request.options.acl,
      },
      options,
    );
  } catch (error) {
    if (error instanceof SourceChanged || prefersParts(world, seen.size, error)) return undefined;
    // HEAD tells how it is archived, and the restore is asked for.
    if (gaveUp(error, 'Archived') && request.options.restore) return undefined;
    throw error;
  }
  const etag = written.etag ?? seen.etag;
  const head = await lookAgain(world, store, request, { ...seen, destinationEtag: etag }, options);
  if (head && !isPlain(request, head, storageClass, store)) return undefined;
  return {
    way: 'direct',
    size: seen.size,
    etag,
    versionId: written.versionId,
    verifiedBy: 'store',
    lost: head ? await checksumLosses(store, request, head, written, options) : [],
    ...(await crossed(store, request)),
    ...leftOut(request),
  };
}

/** By now another writer's object may be there: the result of this copy reports nothing of it. */
async function checksumLosses(
  store: ObjectStore,
  request: CopyRequest,
  head: ObjectHead,
  written: WriteResult,
  options: CallOptions,
): Promise<FidelityLoss[]> {
  const expected = expectedFrom(head, request);
  if (!mayLoseChecksum(store, expected, written)) return [];
  const there = await headIfThere(store, request.destination, { ...options, checksum: true });
  return there && there.etag === written.etag ? headerLosses(expected, there) : [];
}

/** The source has nothing that a plain CopyObject leaves behind. */
function isPlain(request: CopyRequest, head: ObjectHead, storageClass: string, store: ObjectStore): boolean {
  const sameClass = request.options.storageClass !== undefined || head.storageClass === storageClass;
  const { encryption } = head;
  const defaultEncryption = encryption?.algorithm === store.facts.defaultEncryption && !encryption?.keyId;
  return sameClass && (!encryption || defaultEncryption) && !mayLose(expectedFrom(head, request));
}
