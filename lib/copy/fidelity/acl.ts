import { gaveUp } from '../model/errors.ts';
import type { AclPlan } from '../model/job.ts';
import type { Acl, ObjectRef } from '../model/object.ts';
import type { CallOptions, ObjectStore } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import type { FidelityLoss } from '../model/result.ts';

/** A rename or a metadata change keeps the ACL unless told otherwise; a copy leaves what the store gives a new object. */
export function wantedAcl({ mode, options }: Pick<CopyRequest, 'mode' | 'options'>): string {
  return options.acl ?? (mode === 'rename' || mode === 'metadata' ? 'keep' : 'default');
}

/** What a copy leaves out by default, in the words of its result and of its dry run. */
export function leftOut(request: Pick<CopyRequest, 'mode' | 'options'>): { notKept?: string[] } {
  return wantedAcl(request) === 'default' && request.options.acl === undefined ? { notKept: ['acl'] } : {};
}

/** No store carries the ACL along with a copy, so `keep` has to read it. Reading costs one request, and only then. */
export async function planAcl(
  store: ObjectStore,
  source: ObjectRef,
  wanted: string,
  options?: CallOptions,
): Promise<AclPlan> {
  if (wanted === 'default') return { lost: [] };
  if (wanted !== 'keep') return { canned: wanted, lost: [] };
  try {
    const acl = await store.getAcl(source, options);
    // Buckets with ACLs switched off refuse the header even when it says what they do anyway.
    if (acl.canned === store.facts.defaultAcl) return { lost: [] };
    return acl.canned !== undefined ? { canned: acl.canned, lost: [] } : { document: acl, lost: [] };
  } catch (error) {
    // A store that knows no ACLs has none to lose.
    if (gaveUp(error, 'Unsupported')) return { lost: [] };
    if (!gaveUp(error, 'AccessDenied', 'NotFound')) throw error;
    return { lost: [{ what: 'acl', wanted: 'keep', why: `it could not be read: ${error.message}` }] };
  }
}

/** Writes what the write itself could not carry. */
export async function applyAcl(
  store: ObjectStore,
  destination: ObjectRef,
  acl: Acl | undefined,
  options?: CallOptions,
): Promise<FidelityLoss[]> {
  if (!acl) return [];
  try {
    await store.putAcl(destination, acl, options);
    return [];
  } catch (error) {
    if (!gaveUp(error, 'Unsupported', 'AccessDenied', 'BadRequest')) throw error;
    return [{ what: 'acl', wanted: acl.canned ?? 'grants of the source', why: error.message }];
  }
}
