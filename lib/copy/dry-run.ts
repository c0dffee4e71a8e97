import { countCalls } from './count-calls.ts';
import type { Decision } from './decide.ts';
import { decide } from './decide.ts';
import { leftOut } from './fidelity/acl.ts';
import type { PartRun } from './model/job.ts';
import type { ObjectStore, World } from './model/ports.ts';
import type { CopyRequest } from './model/request.ts';
import type { CopyResult, FidelityLoss, Transfer } from './model/result.ts';
import { permissionsFor } from './permissions.ts';
import { lookUpTransfer } from './plan/check-region.ts';
import { checkRequest } from './plan/check-request.ts';
import { partCount } from './plan/plan.ts';

/** What a copy would do. Nothing is written to find out. */
export interface DryRun {
  way: CopyResult['way'];
  /** Bytes. */
  size: number;
  /** For the way `parts`. */
  parts?: PartRun[];
  /** Requests by operation, as the store's documentation names them; without retries. */
  calls: Record<string, number>;
  /** Actions that the caller's policy must allow. */
  permissions: string[];
  /** As in the result; and `etag`, where the copy's will be another one. */
  lost: FidelityLoss[];
  /** All bytes of the object cross from one region to another. */
  transfer?: Transfer;
  /** As in the result. */
  notKept?: string[];
}

/**
 * What the copy would do: `decide` decides for both, and here its decision is shown.
 * @throws the CopyError that the copy itself would throw before its first write.
 */
export async function dryRun(world: World, request: CopyRequest): Promise<DryRun> {
  const store = world.store(request.store);
  checkRequest(request, store.facts);
  const decision = await decide(world, store, request, { forPlan: true });
  const { head } = decision.found;
  const plan = {
    way: wayOf(decision),
    size: head.size,
    calls: countCalls(store, request, decision),
    permissions: permissionsFor(store, request, decision),
  };
  if (decision.way === 'unchanged' || decision.way === 'attributes')
    return { ...plan, lost: decision.way === 'unchanged' ? decision.result.lost : [] };
  // A run of one CopyObject learns from the store's refusal that it crosses regions.
  const transfer = await lookUpTransfer(store, request, {});
  const parts = decision.way === 'parts' ? decision.parts : undefined;
  const lost = decision.way === 'parts' ? [...decision.input.acl.lost, ...decision.input.lost] : [...decision.lost];
  lost.push(...etagLosses(store, head.etag, parts));
  return { ...plan, parts, lost, ...(transfer && { transfer }), ...leftOut(request) };
}

function wayOf(decision: Decision): DryRun['way'] {
  if (decision.way !== 'attributes') return decision.way;
  return decision.change.tags || decision.change.acl !== undefined ? 'attributes-only' : 'unchanged';
}

function etagLosses({ facts }: ObjectStore, etag: string, parts: PartRun[] | undefined): FidelityLoss[] {
  const [, count] = /-(\d+)$/.exec(etag) ?? [];
  const keepsEtag = parts ? Number(count) === partCount(parts) : count === undefined;
  if (!facts.compositeEtag || keepsEtag) return [];
  return [{ what: 'etag', wanted: etag, why: 'an ETag depends on how the object was written; the bytes are the same' }];
}
