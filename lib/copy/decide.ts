import { readyForCopyObject } from './direct/copy.ts';
import type { Found } from './fidelity/expected.ts';
import { expectedFrom } from './fidelity/expected.ts';
import { foresee } from './fidelity/foresee.ts';
import type { Kept } from './fidelity/kept.ts';
import { readKept } from './fidelity/kept.ts';
import type { AclPlan, PartRun } from './model/job.ts';
import type { CallOptions, ObjectStore, World } from './model/ports.ts';
import type { CopyRequest } from './model/request.ts';
import type { CopyResult, FidelityLoss } from './model/result.ts';
import { readyForParts } from './multipart/start.ts';
import type { AttachInput } from './multipart/attach-upload.ts';
import { lookAtDestination, refuseItself } from './plan/check-destination.ts';
import { checkSeen, checkSource } from './plan/check-request.ts';
import { mayMeetItself } from './plan/access-point.ts';
import { checkRestore } from './plan/check-restore.ts';
import { choosePlan } from './plan/choose-plan.ts';
import type { AttributeChange } from './plan/metadata-unchanged.ts';
import { attributesOnly } from './plan/metadata-unchanged.ts';

/** What a copy is going to do. */
export type Decision = { found: Found } & (
  | { way: 'unchanged'; result: CopyResult }
  | { way: 'attributes'; change: AttributeChange }
  | { way: 'direct'; kept?: Kept; acl?: AclPlan; lost: FidelityLoss[] }
  | { way: 'parts'; parts: PartRun[]; input: AttachInput }
);

export interface DecisionOptions extends CallOptions {
  /** An earlier delivery may have written the copy that is found now. */
  again?: boolean;
  /** Nothing follows: what a run learns from its own write is asked for. */
  forPlan?: boolean;
}

/**
 * Looks at both sides and decides what the copy does. A run goes on with the answer and a dry run shows it, so both refuse the same
 * in the same words. Nothing is written, but for what an earlier delivery left undone (`again`).
 *
 * @throws GiveUp for everything that is refused before the first write; SourceChanged.
 */
export async function decide(
  world: World,
  store: ObjectStore,
  request: CopyRequest,
  { again = false, forPlan = false, ...options }: DecisionOptions,
): Promise<Decision> {
  const head = await store.head(request.source, { ...options, checksum: true });
  checkSource(request, head);
  checkSeen(request, head);
  checkRestore(request, head, store.facts);
  if (mayMeetItself(request)) await refuseItself(store, request, head, options);
  const found = { head, expected: expectedFrom(head, request) };
  if (request.mode === 'metadata') {
    const change = await attributesOnly(store, request, found, options);
    if (change) return { found, way: 'attributes', change };
  } else {
    const result = await lookAtDestination(store, request, found, options, again);
    if (result) return { found, way: 'unchanged', result };
  }
  const chosen = await choosePlan(world, store, request, found, options);
  if (chosen.way === 'parts') {
    const input = await readyForParts(store, request, found, options);
    return { found, way: 'parts', parts: chosen.parts, input };
  }
  if (request.mode === 'metadata') {
    const lost = (await foresee(store, request, found, undefined, options)).lost;
    const kept = await readKept(store, request, found, options, lost);
    return { found, way: 'direct', kept, lost: [...kept.acl.lost, ...lost] };
  }
  // A run asks for the ACL next to its write, after the row is written.
  if (!forPlan) return { found, way: 'direct', lost: [] };
  return { found, way: 'direct', ...(await readyForCopyObject(store, request, found, options, true)) };
}
