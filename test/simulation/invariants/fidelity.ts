/** I6: what came along with the bytes. */
import type { CopyRequest } from '../../../lib/copy/model/request.ts';
import type { StoredObject } from '../model/objects.ts';
import { stranger } from '../model/objects.ts';
import type { Simulation } from '../simulation.ts';
import { isAt, isDisturbed, namesLostTags } from './outcome.ts';

type Properties = Record<string, string | undefined>;

/** Whatever we wrote last, for an undisturbed request, carries what the copied version had and what was asked for. */
export function fidelity(sim: Simulation): string | undefined {
  for (const { request } of sim.scenario.asked) {
    const copy = sim.model.peek(request.destination);
    if (!copy || copy.by === stranger || !copy.copiedFrom || isDisturbed(sim, request)) continue;
    if (!isDone(sim, request) || hasTwins(sim, copy.copiedFrom, copy)) continue;
    const original = originOf(copy.copiedFrom);
    const want = flatten(wanted(original, request, sim.scenario.dialect.facts.defaultAcl));
    const have = flatten(copy);
    for (const name of new Set([...Object.keys(want), ...Object.keys(have)])) {
      if (want[name] === have[name] || (copiedUnseen.has(name) && isGone(sim, request))) continue;
      if (!name.startsWith('tag ') || !mayLackTag(sim, request, copy, name, want[name]))
        return `${request.destination.key} has ${name} "${have[name]}", wanted was "${want[name]}" (${request.mode})`;
    }
  }
  return undefined;
}

/**
 * What a replica copied on an event alone does not have from the CopyObject: the look after it tells whether the source has it,
 * and there is nothing left to copy it from when the source went in between.
 */
const copiedUnseen = new Set(['storage class', 'encryption']);

/**
 * Some stores drop the tags of a copy, and a worker sets them afterwards. No worker can do so for a write that takes effect
 * after its job has ended with the tags in place. A request that failed permanently promises nothing: its caller knows, and
 * an object without tags that a refused copy left may as well be another client's. A loss that the result names is no silence.
 */
function mayLackTag(
  sim: Simulation,
  request: CopyRequest,
  copy: StoredObject,
  name: string,
  value: string | undefined,
): boolean {
  const rows = [...sim.watch.rowsEver.values()].filter((row) => isAt(row.destination, request.destination));
  const refused = sim.workers.told.some(({ asked, error }) => error && isAt(asked.destination, request.destination));
  if (refused || rows.some(({ state }) => state === 'failed') || namesLostTags(sim, request.destination)) return true;
  const over = sim.watch.writes.filter((w) => isAt(w, copy) && w.serial < copy.serial).at(-1);
  return sim.watch.lateWrites.has(copy) && over !== undefined && flatten(over)[name] === value;
}

function isGone(sim: Simulation, { mode, source }: CopyRequest): boolean {
  return mode === 'replicate' && !sim.model.peek(source);
}

/** Follows a metadata change back to what the owner wrote: doing it twice gives the same. */
export function originOf(object: StoredObject): StoredObject {
  return object.by === stranger || !object.copiedFrom ? object : originOf(object.copiedFrom);
}

function isDone(sim: Simulation, request: CopyRequest): boolean {
  if (sim.scenario.profile.weather !== 'hostile') return true;
  const rows = [...sim.watch.rowsEver.values()].filter((row) => isAt(row.destination, request.destination));
  return rows.length > 0 && rows.every((row) => row.state === 'done');
}

/**
 * Another version with equal bytes and so the same ETag, which is all that CopyObject can be pinned to: what was read of one
 * may have been written with the bytes of the other. Parts are looked at once more, so there only the second counts.
 */
export function hasTwins(sim: Simulation, source: StoredObject, copy: StoredObject): boolean {
  return sim.watch.writes.some(
    (w) =>
      w !== source &&
      w.by === stranger &&
      w.key === source.key &&
      w.etag === source.etag &&
      (copy.uploadId === undefined || w.lastModified === source.lastModified),
  );
}

function wanted(source: StoredObject, { mode, options }: CopyRequest, defaultAcl: string): StoredObject {
  const { metadata, tags } = options;
  const userMetadata = { ...(metadata?.base === 'replace' ? {} : source.userMetadata), ...metadata?.set };
  for (const name of metadata?.remove ?? []) delete userMetadata[name];
  const keepsAcl = options.acl === 'keep' || (options.acl === undefined && (mode === 'rename' || mode === 'metadata'));
  return {
    ...source,
    content: { ...(metadata?.base === 'replace' ? {} : source.content), ...metadata?.content },
    userMetadata,
    tags: { ...(tags?.base === 'replace' ? {} : source.tags), ...tags?.set },
    storageClass: options.storageClass ?? source.storageClass,
    encryption: options.encryption ?? source.encryption,
    acl: keepsAcl ? source.acl : (options.acl ?? defaultAcl),
  };
}

function flatten(object: StoredObject): Properties {
  const { content, userMetadata, tags, storageClass, encryption, acl } = object;
  const out: Properties = { 'storage class': storageClass, encryption: encryption?.algorithm, acl };
  for (const [name, value] of Object.entries(content) as [string, string][]) out[`header ${name}`] = value;
  for (const [name, value] of Object.entries(userMetadata)) out[`metadata ${name}`] = value;
  for (const [name, value] of Object.entries(tags)) out[`tag ${name}`] = value;
  return out;
}
