import { gaveUp } from '../model/errors.ts';
import type { ObjectHead, ObjectRef } from '../model/object.ts';
import type { CallOptions, ObjectStore } from '../model/ports.ts';
import type { TagChange } from '../model/request.ts';
import type { FidelityLoss } from '../model/result.ts';
import type { Layout } from './compare.ts';
import { changeTags, sameRecord } from './expected.ts';
import { readTags } from './losses.ts';

/** An object and what HEAD told of it. */
export interface Seen {
  ref: ObjectRef;
  head: ObjectHead;
}

/** Compares the tags themselves, not their number. Two requests, and only where both sides have as many tags and some. */
export async function tagDifferences(
  store: ObjectStore,
  source: Seen,
  copy: Seen,
  change: TagChange | undefined,
  options?: CallOptions,
): Promise<FidelityLoss[]> {
  const have = change?.base === 'replace' ? {} : await readTags(store, source.ref, source.head, options);
  const wanted = changeTags(have, change);
  const got = await readTags(store, copy.ref, copy.head, options);
  if (sameRecord(wanted, got)) return [];
  const text = (tags: Record<string, string>): string => new URLSearchParams(tags).toString();
  return [{ what: 'tags', wanted: text(wanted), got: text(got) }];
}

/**
 * Compares the ACL of the copy with the one wanted: `keep` stands for the source's.
 * @returns the difference; one without `got` where an ACL may not be read, which decides nothing.
 */
export async function aclDifferences(
  store: ObjectStore,
  source: ObjectRef,
  copy: ObjectRef,
  wanted: string,
  options?: CallOptions,
): Promise<FidelityLoss[]> {
  try {
    const keep = wanted === 'keep' ? await store.getAcl(source, options) : { canned: wanted };
    const got = await store.getAcl(copy, options);
    const [one, other] = [keep, got].map(({ canned, document }) => canned ?? document ?? '');
    if (one === other) return [];
    return [{ what: 'acl', wanted: keep.canned ?? 'grants of its own', got: got.canned ?? 'grants of its own' }];
  } catch (error) {
    if (!gaveUp(error, 'Unsupported', 'AccessDenied')) throw error;
    return [{ what: 'acl', why: `it could not be read: ${error.message}` }];
  }
}

/** How an object was put together; undefined where the store does not tell. One request. */
export async function layoutOf(store: ObjectStore, ref: ObjectRef, options?: CallOptions): Promise<Layout | undefined> {
  if (!store.facts.tellsPartLayout) return undefined;
  try {
    const { partsCount, size } = await store.head(ref, { ...options, partNumber: 1 });
    return partsCount === undefined ? undefined : { parts: partsCount, first: size };
  } catch (error) {
    if (gaveUp(error, 'Unsupported', 'BadRequest')) return undefined;
    throw error;
  }
}
