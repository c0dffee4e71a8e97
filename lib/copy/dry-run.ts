import { foreseen } from './fidelity/accept-loss.ts';
import { leftOut, planAcl, wantedAcl } from './fidelity/acl.ts';
import type { Found } from './fidelity/expected.ts';
import { expectedFrom } from './fidelity/expected.ts';
import { readKept } from './fidelity/kept.ts';
import { headerLosses, survivesParts } from './fidelity/losses.ts';
import type { PartRun } from './model/job.ts';
import type { ObjectHead } from './model/object.ts';
import type { ObjectStore, World } from './model/ports.ts';
import type { CopyRequest } from './model/request.ts';
import type { CopyResult, FidelityLoss, Transfer } from './model/result.ts';
import { lookAtDestination } from './plan/check-destination.ts';
import { lookUpTransfer } from './plan/check-region.ts';
import { checkRequest, checkSource } from './plan/check-request.ts';
import { checkRestore } from './plan/check-restore.ts';
import { choosePlan } from './plan/choose-plan.ts';
import { needsCopy } from './plan/metadata-unchanged.ts';
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
  lost: FidelityLoss[];
  /** All bytes of the object cross from one region to another. */
  transfer?: Transfer;
  /** As in the result. */
  notKept?: string[];
}

const listPage = 1000;

/**
 * Looks at both sides and plans, with the same code that a copy uses.
 * @throws the CopyError that the copy itself would throw before its first write.
 */
export async function dryRun(world: World, request: CopyRequest): Promise<DryRun> {
  const store = world.store(request.store);
  checkRequest(request, store.facts);
  const head = await store.head(request.source, { checksum: true });
  checkSource(request, head);
  checkRestore(request, head, store.facts);
  const found = { head, expected: expectedFrom(head, request) };
  const permissions = permissionsFor(request, found, store);
  const same = await lookAtDestination(store, request, found, {});
  if (same) return { way: 'unchanged', size: head.size, calls: { HeadObject: 2 }, permissions, lost: [] };
  const transfer = await lookUpTransfer(store, request, {});
  const chosen = await choosePlan(world, store, request, found, {});
  const parts = chosen.way === 'parts' ? chosen.parts : undefined;
  // What the copy would refuse.
  if (request.mode === 'rename' || (request.mode === 'metadata' && needsCopy(request, found))) {
    const checksumAlgorithm = head.checksums?.find(survivesParts)?.algorithm;
    await readKept(store, request, found, {}, foreseen(request, found.expected, parts && { checksumAlgorithm }));
  }
  const calls = { ...callsFor(request, found, parts), ...extraCalls(request, head) };
  const lost = await foreseeLosses(store, request, found, parts);
  const plan = { way: chosen.way, size: head.size, parts, calls, permissions, lost };
  return { ...plan, ...(transfer && { transfer }), ...leftOut(request) };
}

/** What can be known to be lost without writing anything. */
async function foreseeLosses(
  store: ObjectStore,
  request: CopyRequest,
  { head, expected }: Found,
  parts: PartRun[] | undefined,
): Promise<FidelityLoss[]> {
  const restated = parts !== undefined || expected.metadataChanged || request.mode === 'metadata';
  const likely: ObjectHead = {
    ...head,
    ...expected,
    hiddenMetadata: restated ? undefined : head.hiddenMetadata,
    ...(parts && { others: undefined, checksums: head.checksums?.filter(survivesParts) }),
  };
  const lost = headerLosses(expected, likely);
  const wanted = wantedAcl(request);
  if (wanted === 'keep') lost.push(...(await planAcl(store, request.source, wanted)).lost);
  const [, count] = /-(\d+)$/.exec(head.etag) ?? [];
  const keepsEtag = parts ? Number(count) === partCount(parts) : count === undefined;
  if (store.facts.compositeEtag && !keepsEtag) {
    lost.push({
      what: 'etag',
      wanted: head.etag,
      why: 'an ETag depends on how the object was written; the bytes are the same',
    });
  }
  return lost;
}

function callsFor(request: CopyRequest, { head }: Found, parts: PartRun[] | undefined): Record<string, number> {
  const tags: Record<string, number> = (head.tagCount ?? 0) > 0 && parts ? { GetObjectTagging: 1 } : {};
  if (!parts) return { HeadObject: request.mode === 'rename' ? 3 : 2, CopyObject: 1 };
  const count = partCount(parts);
  return {
    HeadObject: request.mode === 'rename' || request.mode === 'replicate' ? 4 : 3,
    ...tags,
    InitiateMultipartUpload: 1,
    UploadPartCopy: count,
    ListParts: Math.ceil(count / listPage),
    CompleteMultipartUpload: 1,
  };
}

function extraCalls(request: CopyRequest, head: ObjectHead): Record<string, number> {
  const calls: Record<string, number> = {};
  if (head.archived) calls.RestoreObject = 1;
  if (wantedAcl(request) === 'keep') calls.GetObjectAcl = 1;
  if (request.mode === 'rename') calls.DeleteObject = 1;
  return calls;
}

/** The vendor's own action names: RAM on OSS, IAM on S3. */
function permissionsFor(request: CopyRequest, { head }: Found, store: ObjectStore): string[] {
  const { bucket: from } = request.source;
  const { bucket: to } = request.destination;
  const actions = [`GetObject on ${from}`, `PutObject on ${to}`, `AbortMultipartUpload on ${to}`, `ListParts on ${to}`];
  if (request.source.versionId !== undefined) actions.push(`GetObjectVersion on ${from}`);
  if ((head.tagCount ?? 0) > 0 || request.options.tags) {
    actions.push(`GetObjectTagging on ${from}`, `PutObjectTagging on ${to}`);
  }
  const acl = wantedAcl(request);
  if (acl === 'keep') actions.push(`GetObjectAcl on ${from}`);
  if (acl !== 'default') actions.push(`PutObjectAcl on ${to}`);
  if (request.mode === 'rename') actions.push(`DeleteObject on ${from}`);
  if (head.archived) actions.push(`RestoreObject on ${from}`);
  const { scheme } = store.facts;
  return actions.map(
    (action) => `${scheme}:${scheme === 's3' ? action.replace('ListParts', 'ListMultipartUploadParts') : action}`,
  );
}
