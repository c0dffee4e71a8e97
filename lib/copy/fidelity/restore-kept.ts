import { gaveUp } from '../model/errors.ts';
import type { ObjectHead } from '../model/object.ts';
import type { CallOptions, ObjectStore } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import type { FidelityLoss } from '../model/result.ts';
import { wantedAcl } from './acl.ts';
import type { Kept } from './kept.ts';
import { lostTags, sameTags, tagsDue } from './kept.ts';

/** What was done after a copy of an object onto itself. */
export interface PutRight {
  lost: FidelityLoss[];
  /** Something had to be written once more. */
  wrote: boolean;
}

/**
 * After a copy of an object onto itself: compares its tags and ACL with what was read before the write, puts right what is
 * missing, and names what cannot be put right. Nothing is read from the object that was just written but to compare.
 *
 * @param late the write was not ours just now but an earlier worker's, and others may have acted since: an ACL that another client has
 * closed meanwhile is not opened again.
 */
export async function putRight(
  store: ObjectStore,
  request: CopyRequest,
  found: ObjectHead,
  kept: Kept,
  { late, ...options }: CallOptions & { late: boolean },
): Promise<PutRight> {
  const tags = await putTagsRight(store, request, found, kept, options);
  const acl = await putAclRight(store, request, kept, late, options);
  return { lost: [...kept.acl.lost, ...tags.lost, ...acl.lost], wrote: tags.wrote || acl.wrote };
}

const nothing: PutRight = { lost: [], wrote: false };

async function putTagsRight(
  store: ObjectStore,
  request: CopyRequest,
  found: ObjectHead,
  kept: Kept,
  options: CallOptions,
): Promise<PutRight> {
  const { destination } = request;
  const change = request.options.tags;
  const expectsNone = Object.keys(kept.tags).length === 0;
  // Tags on an object that had none and was to get none are a user's.
  if (expectsNone && change === undefined) return nothing;
  if (expectsNone && (found.tagCount ?? 0) === 0) return nothing;
  try {
    let there = await store.getTags(destination, options);
    const due = tagsDue(kept, there, request);
    const wrote = !sameTags(due, there);
    if (wrote) {
      await store.putTags(destination, due, options);
      there = await store.getTags(destination, options);
    }
    if (sameTags(there, kept.tags)) return { lost: [], wrote };
    const why = sameTags(there, due) ? 'other tags were written meanwhile, and they were left' : undefined;
    return { lost: [lostTags(kept.tags, there, why)], wrote };
  } catch (error) {
    if (!gaveUp(error, 'Unsupported', 'AccessDenied', 'BadRequest')) throw error;
    return { lost: expectsNone ? [] : [lostTags(kept.tags, undefined, error.message)], wrote: false };
  }
}

async function putAclRight(
  store: ObjectStore,
  request: CopyRequest,
  { acl: { canned, document } }: Kept,
  late: boolean,
  options: CallOptions,
): Promise<PutRight> {
  if (wantedAcl(request) !== 'keep' || (canned === undefined && document === undefined)) return nothing;
  const { destination } = request;
  const wanted = canned ?? 'grants of the source';
  const isRight = (acl: { canned?: string; document?: string }): boolean =>
    canned === undefined ? acl.document === document?.document : acl.canned === canned;
  try {
    const there = await store.getAcl(destination, options);
    if (isRight(there)) return nothing;
    // A canned ACL went with the write. Grants follow it: an object that has the ACL of a new one has not got them yet.
    const isOurs = !late || (canned === undefined && there.canned === store.facts.defaultAcl);
    if (!isOurs)
      return { lost: [{ what: 'acl', wanted, got: there.canned, why: 'another was set meanwhile' }], wrote: false };
    await store.putAcl(destination, document ?? { canned }, options);
    if (canned === undefined) return { lost: [], wrote: true };
    const after = await store.getAcl(destination, options);
    return { lost: isRight(after) ? [] : [{ what: 'acl', wanted, got: after.canned }], wrote: true };
  } catch (error) {
    if (!gaveUp(error, 'Unsupported', 'AccessDenied', 'BadRequest')) throw error;
    return { lost: [{ what: 'acl', wanted, why: error.message }], wrote: false };
  }
}
