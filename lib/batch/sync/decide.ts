/** What a sync does about one object that its listings did not prove equal. */
import { compareContent, needsLayout, sameEtag } from '../../copy/fidelity/compare.ts';
import { layoutOf } from '../../copy/fidelity/compare-tags-and-acl.ts';
import { SourceChanged } from '../../copy/model/errors.ts';
import { headIfThere } from '../../copy/model/head-if-there.ts';
import { describe, type ObjectHead } from '../../copy/model/object.ts';
import type { CallOptions, ObjectStore } from '../../copy/model/ports.ts';
import type { PageEntry } from '../files/page-file.ts';
import type { ResultLine } from '../files/result-file.ts';
import type { BatchWorld } from '../model/world.ts';
import type { BatchRequest } from '../request/request.ts';

export type SyncVerdict = { act: 'copy' | 'remove' } | Pick<ResultLine, 'status' | 'size' | 'differences' | 'why'>;

/**
 * Decides by what the listings told, and where they tell too little by what the stores tell of both objects: two HEADs, with
 * checksums. A dry run asks the same.
 *
 * Equal sizes with unequal ETags prove nothing: an ETag of an upload in parts, or under a KMS key, is not made of the content alone.
 *
 * @throws CopyError when an object cannot be looked at.
 */
export async function decideSync(
  world: BatchWorld,
  request: BatchRequest,
  entry: PageEntry,
  options: CallOptions,
): Promise<SyncVerdict> {
  const { there, extra, size, lastModified = 0, bucket, key, destination } = entry;
  if (extra) return { act: 'remove' };
  const { compareTime, undecided = 'report' } = request.sync ?? {};
  if (!there || there.size !== size || (compareTime && there.lastModified < lastModified)) return { act: 'copy' };
  const store = world.store(request.store);
  const look = { ...options, checksum: true };
  const source = { bucket, key };
  const [head, copy] = await Promise.all([headIfThere(store, source, look), headIfThere(store, destination, look)]);
  if (!head) return { status: 'skipped', size, why: 'source-gone' };
  if (!copy) return { act: 'copy' };
  const proof = await proofOf(world, store, { source, head }, { destination, copy }, options);
  if (proof === true) return { status: 'unchanged', size: head.size };
  // A copy is written after its source: one that is older was made of something else.
  if (proof === false || copy.lastModified < head.lastModified || undecided === 'copy') return { act: 'copy' };
  if (undecided === 'keep') return { status: 'unchanged', size: head.size, why: 'undecided' };
  return {
    status: 'undecided',
    size: head.size,
    differences: [
      {
        what: 'content',
        why: 'equal size, written after its source, and neither ETags nor checksums tell more; ferry batch verify --deep reads both, --undecided copy copies it',
      },
    ],
  };
}

/** Undefined where what the stores tell does not decide. */
async function proofOf(
  world: BatchWorld,
  store: ObjectStore,
  { source, head }: { source: { bucket: string; key: string }; head: ObjectHead },
  { destination, copy }: { destination: { bucket: string; key: string }; copy: ObjectHead },
  options: CallOptions,
): Promise<boolean | undefined> {
  let verdict = compareContent(head, copy);
  if (needsLayout(head, copy)) {
    const layouts = await Promise.all([layoutOf(store, source, options), layoutOf(store, destination, options)]);
    verdict = compareContent(head, copy, layouts);
  }
  if (verdict === 'mismatch') return false;
  if (verdict !== 'undecided') return true;
  return world.isMarkedCopy?.(head, copy) || world.isMarkedCopy?.(copy, head) || undefined;
}

/**
 * Removes a destination object without a source, if it still is that: the source is looked for once more, and the object must be
 * the one that was listed. It is looked at last, directly before the DELETE, which carries its ETag where the store has that condition:
 * between the two nothing that another client writes is lost, and a source that appears then has its content itself.
 * Without a version id the DELETE leaves a marker in a versioned bucket.
 *
 * @throws SourceChanged when it was written since it was listed; it is kept.
 */
export async function removeExtra(
  store: ObjectStore,
  request: BatchRequest,
  entry: PageEntry,
  options: CallOptions,
): Promise<SyncVerdict> {
  const why = await refusalToRemove(store, request, entry, options);
  if (why) return why;
  await store.delete(entry.destination, { ...options, ...(entry.there && { ifMatch: entry.there.etag }) });
  return { status: 'removed', size: entry.size };
}

/** What became of an object that is not to be removed after all; undefined when it is. @throws SourceChanged as `removeExtra`. */
export async function refusalToRemove(
  store: ObjectStore,
  { store: address }: BatchRequest,
  { bucket, key, destination, there, size }: PageEntry,
  options: CallOptions,
): Promise<SyncVerdict | undefined> {
  if (await headIfThere(store, { bucket, key }, options)) return { status: 'skipped', size, why: 'source-there' };
  const head = await headIfThere(store, destination, options);
  if (!head) return { status: 'skipped', size, why: 'gone' };
  if (there && sameEtag(head.etag, there.etag) && head.size === there.size) return undefined;
  throw new SourceChanged(
    `${describe(address, destination)} was written after it had been listed, so it was not removed. Run the command again to compare it anew.`,
  );
}
