import {
  attributeDifferences,
  compareContent,
  contentDifferences,
  needsLayout,
  type Proof,
} from '../../copy/fidelity/compare.ts';
import { annotationDifferences } from '../../copy/fidelity/annotations.ts';
import { aclDifferences, layoutOf, tagDifferences, type Seen } from '../../copy/fidelity/compare-tags-and-acl.ts';
import { expectedFrom } from '../../copy/fidelity/expected.ts';
import { headIfThere } from '../../copy/model/head-if-there.ts';
import type { CallOptions, Invocation, ObjectStore } from '../../copy/model/ports.ts';
import type { CopyOptions } from '../../copy/model/request.ts';
import type { FidelityLoss } from '../../copy/model/result.ts';
import type { PageEntry } from '../files/page-file.ts';
import type { ResultLine } from '../files/result-file.ts';
import { namesOf } from '../files/result-file.ts';
import type { BatchWorld } from '../model/world.ts';
import type { BatchRequest } from '../request/request.ts';
import { readBoth } from './read-both.ts';

/** `undecided`: the bytes may be equal or not. */
interface ContentVerdict {
  proof: Proof | 'size' | 'bytes' | 'mismatch' | 'undecided';
  differences: FidelityLoss[];
  read?: ResultLine['read'];
}

/**
 * Compares one object with its copy and writes nothing: size, the strongest proof of the content that both sides offer, and
 * everything beside the bytes that either side has. What the stores tell may not suffice to decide: a deep verify then reads
 * both objects.
 *
 * @throws CopyError when the source cannot be looked at; RetryLater.
 */
export async function verifyEntry(
  world: BatchWorld,
  request: BatchRequest,
  entry: PageEntry,
  invocation: Invocation,
): Promise<ResultLine> {
  const store = world.store(request.store);
  const options = { deadline: invocation.deadline };
  const source = { bucket: entry.bucket, key: entry.key, versionId: entry.versionId };
  const [head, found] = await Promise.all([
    store.head(source, { ...options, checksum: true }),
    headIfThere(store, entry.destination, { ...options, checksum: true }),
  ]);
  const names = namesOf(entry);
  if (!found) return { ...names, status: 'different', size: head.size, differences: [{ what: 'missing' }] };
  const sides: [Seen, Seen] = [
    { ref: source, head },
    { ref: entry.destination, head: found },
  ];
  const asked: CopyOptions = { ...request.options, ...entry.options };
  const copy = { mode: 'copy' as const, store: request.store, source, destination: entry.destination, options: asked };
  const content = await compareBytes(world, request, sides, asked.verify, invocation);
  const beside = [
    ...attributeDifferences(expectedFrom(head, copy), found),
    ...(await tagDifferences(store, ...sides, asked.tags, options)),
    ...(request.deep ? await annotationDifferences(store, source, entry.destination, options) : []),
    ...(await compareAcls(store, request, sides, asked.acl, options)),
  ];
  // What could not be read says nothing about the object.
  const unknown = [...content.differences, ...beside].filter(isUnknown);
  const differences = [...content.differences, ...beside].filter((difference) => !isUnknown(difference));
  const status = differences.length > 0 ? 'different' : unknown.length > 0 ? 'undecided' : 'same';
  const shown = [...differences, ...unknown];
  return {
    ...names,
    status,
    size: head.size,
    etag: found.etag,
    ...(content.proof !== 'mismatch' && content.proof !== 'undecided' && { verifiedBy: content.proof }),
    ...(shown.length > 0 && { differences: shown }),
    ...(content.read && { read: content.read }),
  };
}

function isUnknown({ what, wanted, got }: FidelityLoss): boolean {
  return ['content', 'acl', 'annotations'].includes(what) && wanted === undefined && got === undefined;
}

async function compareBytes(
  world: BatchWorld,
  request: BatchRequest,
  sides: [Seen, Seen],
  verify: CopyOptions['verify'],
  invocation: Invocation,
): Promise<ContentVerdict> {
  const [a, b] = [sides[0].head, sides[1].head];
  if (verify === 'size' && a.size === b.size) return { proof: 'size', differences: [] };
  let proof = compareContent(a, b);
  if (needsLayout(a, b)) {
    const store = world.store(request.store);
    const look = ({ ref }: Seen) => layoutOf(store, ref, { deadline: invocation.deadline });
    const layouts = await Promise.all([look(sides[0]), look(sides[1])]);
    proof = compareContent(a, b, layouts);
  }
  if (proof !== 'undecided') return { proof, differences: contentDifferences(a, b, proof) };
  const read = request.deep ? world.sources(request.store).read : undefined;
  if (!read) return { proof, differences: [{ what: 'content', why: undecidedText(request) }] };
  const { clock, settings } = world;
  const until = invocation.deadline - Math.min(settings.partReserveMs, (invocation.deadline - clock.now()) / 2);
  const reading = await readBoth(read, ...sides, { now: () => clock.now(), until });
  if (reading.equal) return { proof: 'bytes', differences: [], read: reading.read };
  if (reading.equal === undefined)
    return { proof, differences: [{ what: 'content', why: reading.why }], read: reading.read };
  return {
    proof: 'mismatch',
    differences: [{ what: 'content', wanted: a.etag, got: b.etag, why: 'read, and other bytes' }],
    read: reading.read,
  };
}

function undecidedText({ deep }: BatchRequest): string {
  return `equal size, and nothing that both sides tell proves more; ${deep ? 'reading is not possible here' : 'a deep verify reads both'}`;
}

async function compareAcls(
  store: ObjectStore,
  { compareAcl }: BatchRequest,
  [source, copy]: [Seen, Seen],
  acl: string | undefined,
  options: CallOptions,
): Promise<FidelityLoss[]> {
  if (!compareAcl) return [];
  return await aclDifferences(store, source.ref, copy.ref, acl ?? 'keep', options);
}
