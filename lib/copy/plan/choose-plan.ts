import type { Found } from '../fidelity/expected.ts';
import { isRewrite } from '../fidelity/expected.ts';
import { gaveUp, GiveUp, RetryLater } from '../model/errors.ts';
import type { PartRun } from '../model/job.ts';
import type { ObjectHead } from '../model/object.ts';
import type { CallOptions, ObjectStore, World } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import type { Plan } from './plan.ts';
import { layoutFromFirstPart, plan } from './plan.ts';

/** Plans one copy; asks the store for the source's own part layout where that can be kept. */
export async function choosePlan(
  world: World,
  store: ObjectStore,
  request: CopyRequest,
  { head, expected }: Found,
  options: CallOptions,
  directRefused = false,
): Promise<Plan> {
  const input = {
    size: head.size,
    sameBucket: request.source.bucket === request.destination.bucket,
    rewrite: isRewrite(head, expected),
    facts: store.facts,
    settings: world.settings,
    partSize: request.options.partSize,
    concurrency: request.options.concurrency,
    directRefused,
  };
  const chosen = plan(input);
  const composite = /-\d+$/.test(head.etag);
  const keepsLayout = composite && store.facts.tellsPartLayout && input.partSize === undefined;
  if (chosen.way === 'direct' || !keepsLayout) return chosen;
  return plan({ ...input, sourceLayout: await readLayout(store, request, head, options) });
}

/** One more HEAD, and only for a source that was itself uploaded in parts. */
async function readLayout(
  store: ObjectStore,
  request: CopyRequest,
  head: ObjectHead,
  options: CallOptions,
): Promise<PartRun[] | undefined> {
  try {
    const first = await store.head(request.source, { ...options, partNumber: 1 });
    // Ceph RGW answers with the ETag of the part, so only the count can say that it is still the same object; the pin decides.
    if (first.partsCount === undefined || !head.etag.endsWith(`-${first.partsCount}`)) return undefined;
    return layoutFromFirstPart(head.size, first.partsCount, first.size);
  } catch (error) {
    // Not every S3 store knows HEAD with a part number. Our own layout copies just as well.
    if (error instanceof GiveUp) return undefined;
    throw error;
  }
}

/** The store wants parts, or one CopyObject took too long for an object worth splitting. */
export function prefersParts(world: World, size: number, error: unknown): boolean {
  if (gaveUp(error, 'TooLarge')) return true;
  const noAnswer = error instanceof RetryLater && error.effect === 'unknown' && !error.throttled;
  // Only of the copy itself: what comes after it (a look, a delete, the row) is no reason to copy again.
  return noAnswer && error.answer?.operation === 'CopyObject' && size > world.settings.partSizeMin;
}

/** The layout for an object whose single CopyObject did not go through. */
export async function partsInstead(
  world: World,
  store: ObjectStore,
  request: CopyRequest,
  found: Found,
  options: CallOptions,
): Promise<PartRun[]> {
  const chosen = await choosePlan(world, store, request, found, options, true);
  if (chosen.way === 'direct') throw new RetryLater('The store refused to copy an empty object; it is tried again.');
  return chosen.parts;
}
