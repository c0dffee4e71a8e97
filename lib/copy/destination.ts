import { gaveUp, GiveUp } from './errors.ts';
import type { Found } from './expect.ts';
import { headerLosses } from './fidelity.ts';
import { pinOf } from './job.ts';
import type { ObjectHead, ObjectRef } from './object.ts';
import { describe } from './object.ts';
import type { CallOptions, ObjectStore } from './ports.ts';
import type { CopyRequest } from './request.ts';
import type { CopyResult } from './result.ts';
import { judge } from './verify.ts';

/**
 * What the overwrite option asks to know before anything is written. Returns a result when there is nothing to do.
 *
 * @param again an earlier delivery may have written the copy that is found now.
 * @throws GiveUp DestinationExists with `overwrite: never`.
 */
export async function lookAtDestination(
  store: ObjectStore,
  request: CopyRequest,
  { head, expected }: Found,
  options: CallOptions,
  again = false,
): Promise<CopyResult | undefined> {
  const overwrite = request.options.overwrite ?? 'always';
  if (overwrite === 'always') return undefined;
  const existing = await headIfThere(store, request.destination, { ...options, checksum: true });
  if (!existing) return undefined;
  const verdict = judge(existing, { pin: pinOf(head) });
  const sameHeaders = headerLosses(expected, existing).length === 0;
  const proof = verdict === 'mismatch' || verdict === 'undecided' || !sameHeaders ? undefined : verdict;
  const sameTags = (existing.tagCount ?? 0) === (head.tagCount ?? 0);
  const { tags } = request.options;
  if (overwrite === 'never' && !(again && proof && (tags || sameTags))) {
    throw new GiveUp(
      'DestinationExists',
      `${describe(request.store, request.destination)} exists already and was not overwritten; nothing was copied.`,
    );
  }
  if (!proof) return undefined;
  // A rename ends with the source gone: what HEAD does not tell (ACL, tags) must have been carried over by us.
  if (overwrite === 'if-different' && (tags || !sameTags || request.mode === 'rename')) return undefined;
  const { size, etag, versionId } = existing;
  return { way: 'unchanged', size, etag, versionId, verifiedBy: proof, lost: [] };
}

/** HEAD, or undefined when there is no such object. */
export async function headIfThere(
  store: ObjectStore,
  ref: ObjectRef,
  options: CallOptions & { checksum?: boolean },
): Promise<ObjectHead | undefined> {
  try {
    return await store.head(ref, options);
  } catch (error) {
    if (gaveUp(error, 'NotFound')) return undefined;
    throw error;
  }
}
