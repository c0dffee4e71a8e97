/** How the requests of a schedule ended. */
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import type { CopyRequest } from '../../../lib/copy/model/request.ts';
import { fingerprint } from '../model/content.ts';
import type { StoredObject } from '../model/objects.ts';
import { stranger } from '../model/objects.ts';
import type { Simulation } from '../simulation.ts';

type Sides = Pick<CopyRequest, 'source' | 'destination'>;

/**
 * True where no promise is made about the destination of a request: strangers or another request wrote there too, a caller
 * cancelled, or tasks failed so often that the engine gave up as it should.
 */
export function isDisturbed(sim: Simulation, request: Sides): boolean {
  const { bucket, key } = request.destination;
  const here = (ref: ObjectRef): boolean => ref.bucket === bucket && ref.key === key;
  if (sim.workers.mostAttempts >= sim.scenario.settings.maxAttempts) return true;
  if (sim.faults.fired.some(({ kind }) => kind === 'cancel')) return true;
  if (sim.faults.fired.filter(({ kind }) => kind === 'uploads-aborted').length > sim.scenario.settings.maxRestarts)
    return true;
  if (sim.scenario.asked.some((asked) => asked.request !== request && touches(asked.request, request))) return true;
  const furnished = sim.watch.furnished;
  if (sim.watch.writes.some((w) => w.by === stranger && w.serial > furnished && here(w) && !here(request.source)))
    return true;
  return sim.watch.removals.some(({ object, by }) => by === stranger && here(object));
}

/** Two requests that may get into each other's way. */
function touches(a: Sides, b: Sides): boolean {
  const names = ({ source, destination }: Sides): string[] =>
    [source, destination].map((ref) => `${ref.bucket}/${ref.key}`);
  return names(a).some((name) => names(b).includes(name));
}

/** I7: without strangers a request has succeeded when everything has come to rest. */
export function everythingAskedIsDone(sim: Simulation): string | undefined {
  if (sim.scenario.profile.weather === 'hostile') return undefined;
  for (const { request, via } of sim.scenario.asked) {
    if (isDisturbed(sim, request) || request.mode === 'replicate' || isRewritten(sim, request.source)) continue;
    const row = [...sim.watch.rowsEver.values()].find((job) => isAt(job.destination, request.destination));
    // A client who was never answered and left no row may not have been heard.
    if (via === 'client' && !row) continue;
    if (
      row?.reason?.code === 'NoSuchUpload' &&
      completions(sim, request.destination) > sim.scenario.settings.maxRestarts
    )
      continue;
    // Two CopyObjects of ours, the first of them late: where nothing proves a copy, the second looks like a stranger's.
    if (row?.reason?.code === 'VerificationFailed' && !proves(sim, request) && copiesOf(sim, request) > 1) continue;
    const problem = keepsDestination(request) && mayRefuse(sim, request) ? undefined : notDone(sim, request);
    if (problem) return `${problem}${row ? ` (job ${row.id} is ${row.state}: ${row.reason?.message ?? ''})` : ''}`;
  }
  return undefined;
}

/**
 * Uploads of ours that became objects. When the answer is lost each time, and nothing proves a copy (ETags under a key of KMS),
 * the engine gives up with both objects in place.
 */
function completions(sim: Simulation, destination: ObjectRef): number {
  return sim.watch.writes.filter((w) => w.by !== stranger && w.uploadId !== undefined && isAt(w, destination)).length;
}

/** Writes of ours in one piece. */
function copiesOf(sim: Simulation, { destination }: CopyRequest): number {
  return sim.watch.writes.filter((w) => w.by !== stranger && w.uploadId === undefined && isAt(w, destination)).length;
}

/** A rename keeps what is at its destination unless it says `always`. */
export function keepsDestination({ mode, options: { overwrite } }: Pick<CopyRequest, 'mode' | 'options'>): boolean {
  return overwrite === 'never' || (mode === 'rename' && overwrite !== 'always');
}

/** An object was there, or may be taken for another writer's. */
function mayRefuse(sim: Simulation, request: CopyRequest): boolean {
  const { bucket, key } = request.destination;
  return sim.watch.occupied.has(`${bucket}/${key}`) || !proves(sim, request) || hasNoTags(sim, request);
}

/** An earlier copy of ours whose tags the store dropped looks like another client's object with the same bytes. */
function hasNoTags(sim: Simulation, { destination }: CopyRequest): boolean {
  const copy = sim.model.peek(destination);
  return (
    copy?.copiedFrom !== undefined && copy.by !== stranger && tagCount(copy.copiedFrom) > 0 && tagCount(copy) === 0
  );
}

function tagCount({ tags }: StoredObject): number {
  return Object.keys(tags).length;
}

/**
 * Whether the store tells that a copy is ours: without a CRC an OSS store gives no proof, and ETags give none under a key of
 * KMS, nor where a copy in one piece has another than its source in parts.
 */
function proves(sim: Simulation, { source, options }: CopyRequest): boolean {
  const { facts, quirks } = sim.scenario.dialect;
  const isSealed = options.encryption?.algorithm.toLowerCase().includes('kms') ?? false;
  const isRehashed =
    quirks.copyRehashesMultipart && sim.watch.writes.some((w) => w.key === source.key && w.layout !== undefined);
  return quirks.tellsCrc64 || (facts.compositeEtag && !isSealed && !isRehashed);
}

/** A followed source has an owner who writes it even in fair weather. */
function isRewritten(sim: Simulation, { bucket, key }: CopyRequest['source']): boolean {
  const { writes, furnished } = sim.watch;
  return writes.some((w) => w.by === stranger && w.serial > furnished && w.bucket === bucket && w.key === key);
}

function notDone(sim: Simulation, { mode, source, destination }: CopyRequest): string | undefined {
  const [original] = sim.watch.writes.filter((w) => w.bucket === source.bucket && w.key === source.key);
  const copy = sim.model.peek(destination);
  if (!original) return undefined;
  if (!copy || fingerprint(copy.data) !== fingerprint(original.data))
    return `${destination.key} is not the copy of ${source.key}`;
  if (mode === 'rename' && sim.model.peek(source)) return `${source.key} was renamed and is still there`;
  if (mode === 'metadata' && copy.userMetadata['colour'] !== 'blue')
    return `${source.key} did not get its new metadata`;
  return undefined;
}

/** Whether a result says that tags were lost. */
export function namesLostTags(sim: Simulation, destination: ObjectRef): boolean {
  const rows = [...sim.watch.rowsEver.values()].filter((row) => isAt(row.destination, destination));
  const results = [...rows, ...sim.workers.told.filter(({ asked }) => isAt(asked.destination, destination))];
  return results.some(({ result }) => result?.lost.some(({ what }) => what === 'tags'));
}

export function isAt(a: ObjectRef, b: ObjectRef): boolean {
  return a.bucket === b.bucket && a.key === b.key;
}
