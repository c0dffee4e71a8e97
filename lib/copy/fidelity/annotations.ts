import { gaveUp } from '../model/errors.ts';
import { forEachLimited } from '../model/for-each-limited.ts';
import type { Annotation, ObjectRef } from '../model/object.ts';
import type { CallOptions, ObjectStore } from '../model/ports.ts';
import type { FidelityLoss } from '../model/result.ts';

/** Annotations read and written at a time. */
const atOnce = 4;

/** The annotations of an object, or why they are not known; `known`: the store has such. HEAD tells nothing of them, so this costs a request. */
export async function listAnnotations(
  store: ObjectStore,
  ref: ObjectRef,
  options?: CallOptions,
): Promise<{ found: Annotation[]; known: boolean; lost: FidelityLoss[] }> {
  try {
    const found = await store.listAnnotations?.(ref, options);
    return { found: found ?? [], known: found !== undefined, lost: [] };
  } catch (error) {
    if (!gaveUp(error, 'AccessDenied')) throw error;
    return {
      found: [],
      known: false,
      lost: [{ what: 'annotations', why: `they could not be listed: ${error.message}` }],
    };
  }
}

/**
 * Gives the destination the annotations of the source, which no upload in parts carries. What is there already is not written
 * again, so that a worker that takes over goes on where the last one died.
 *
 * @param ifMatch ETag of the destination: nothing is hung on the object of another writer.
 * @returns those that the destination lacks afterwards.
 */
export async function carryAnnotations(
  store: ObjectStore,
  source: ObjectRef,
  destination: ObjectRef,
  ifMatch: string,
  options?: CallOptions,
): Promise<FidelityLoss[]> {
  const wanted = await listAnnotations(store, source, options);
  if (wanted.found.length === 0) return wanted.lost;
  const before = await listAnnotations(store, destination, options);
  const missing = wanted.found.filter((one) => !before.found.some((other) => isSame(one, other)));
  const failures = new Map<string, string>();
  await forEachLimited(missing, atOnce, async ({ name }) => {
    const why = await carryOne(store, name, { source, destination, ifMatch }, options);
    if (why !== undefined) failures.set(name, why);
  });
  const after = missing.length === 0 ? before : await listAnnotations(store, destination, options);
  const lacking = wanted.found.filter(({ name, size }) => {
    return failures.has(name) || !after.found.some((other) => other.name === name && other.size === size);
  });
  // Without the right to list them, what was written without an error counts as written.
  const lost = after.lost.length > 0 ? lacking.filter(({ name }) => failures.has(name)) : lacking;
  return lost.map(({ name, size }) => ({
    what: `annotation:${name}`,
    wanted: `${size} bytes`,
    why: failures.get(name),
  }));
}

/**
 * Where the source is another version by now, or gone, so that nothing can be carried any more: what the copy lacks, as far as
 * the number of annotations tells. An earlier worker may have carried them all.
 *
 * @param count how many the copied version had.
 */
export async function lackingAnnotations(
  store: ObjectStore,
  copy: ObjectRef,
  count: number,
  options?: CallOptions,
): Promise<FidelityLoss[]> {
  if (count === 0) return [];
  const { found } = await listAnnotations(store, copy, options);
  if (found.length >= count) return [];
  const why = 'the source was written again or removed before all of them were carried';
  return [{ what: 'annotations', wanted: `${count} of the version that was copied`, got: String(found.length), why }];
}

async function carryOne(
  store: ObjectStore,
  name: string,
  { source, destination, ifMatch }: { source: ObjectRef; destination: ObjectRef; ifMatch: string },
  options?: CallOptions,
): Promise<string | undefined> {
  try {
    const text = await store.getAnnotation?.(source, name, options);
    if (text !== undefined) await store.putAnnotation?.(destination, { name, text, ifMatch }, options);
    return undefined;
  } catch (error) {
    if (!gaveUp(error, 'AccessDenied', 'BadRequest', 'NotFound', 'Unsupported')) throw error;
    return error.message;
  }
}

/** What two objects have in annotations that is not the same: two requests, and none where the store knows no annotations. */
export async function annotationDifferences(
  store: ObjectStore,
  source: ObjectRef,
  copy: ObjectRef,
  options?: CallOptions,
): Promise<FidelityLoss[]> {
  const [one, other] = [await listAnnotations(store, source, options), await listAnnotations(store, copy, options)];
  const unknown = [...one.lost, ...other.lost];
  if (unknown.length > 0) return unknown.slice(0, 1);
  const size = (list: Annotation[], name: string): string | undefined => {
    const found = list.find((each) => each.name === name);
    return found && `${found.size} bytes`;
  };
  const differing = [...new Set([...one.found, ...other.found].map(({ name }) => name))].filter((name) => {
    const [a, b] = [one.found, other.found].map((list) => list.find((each) => each.name === name));
    return !a || !b || !isSame(a, b);
  });
  return differing.map((name) => ({
    what: `annotation:${name}`,
    wanted: size(one.found, name),
    got: size(other.found, name),
  }));
}

function isSame(one: Annotation, other: Annotation): boolean {
  return one.name === other.name && one.size === other.size && one.etag === other.etag;
}
