/** What must hold when the world has come to rest: one small function per invariant. */
import { isFinal } from '../../../lib/copy/model/job.ts';
import { fingerprint } from '../model/content.ts';
import { stranger } from '../model/objects.ts';
import type { Simulation, Violation } from '../simulation.ts';
import { costs } from './costs.ts';
import { fidelity } from './fidelity.ts';
import { everythingAskedIsDone, isDisturbed } from './outcome.ts';
import { noLoops, rulesConverge } from './replicas.ts';
import { noTagLostInSilence } from './tags.ts';

export interface Check {
  invariant: string;
  /** What is promised. */
  says: string;
  /** What is wrong, or undefined. */
  find(sim: Simulation, rested: boolean): string | undefined;
}

export const checks: readonly Check[] = [
  { invariant: 'I8', says: 'Work ends: the engine does not keep itself busy.', find: comesToRest },
  {
    invariant: 'I7',
    says: 'Every job reaches a final state, whichever worker died on the way.',
    find: everyJobIsFinal,
  },
  { invariant: 'I5', says: 'No upload of ours stands open.', find: noOrphans },
  { invariant: 'I2', says: 'When events stop, a replica equals its source.', find: replicasConverge },
  { invariant: 'I2', says: 'When events stop, what the rules tie together is equal.', find: rulesConverge },
  { invariant: 'I8', says: 'A replica causes no copy of itself.', find: noLoops },
  { invariant: 'I3', says: 'What a rename removed stands at its destination.', find: nothingIsLost },
  { invariant: 'I4', says: 'A job that is done has written what it says.', find: resultsAreTrue },
  {
    invariant: 'I6',
    says: 'Headers, metadata, tags, class, encryption and ACL arrive the same, whatever the size.',
    find: fidelity,
  },
  { invariant: 'I6', says: 'No tag is lost in silence when metadata changes.', find: noTagLostInSilence },
  { invariant: 'I7', says: 'Without strangers, whatever was asked for is done.', find: everythingAskedIsDone },
  { invariant: 'cost', says: 'In fair weather no request is made that section 9 does not allow.', find: costs },
];

export function atRest(sim: Simulation, rested: boolean): Violation | undefined {
  for (const { invariant, find } of checks) {
    const message = find(sim, rested);
    if (message !== undefined) return { invariant, message };
  }
  return undefined;
}

function comesToRest(sim: Simulation, rested: boolean): string | undefined {
  const endless = sim.queue.sent > 400 || (!rested && sim.elapsed < sim.scenario.restMs);
  return endless ? `after ${sim.scheduler.steps} steps and ${sim.queue.sent} messages there is still work` : undefined;
}

function everyJobIsFinal(sim: Simulation, rested: boolean): string | undefined {
  if (rested) return undefined;
  const rows = [...sim.table.rows.values()].filter((row) => !isFinal(row.state) || row.attentionAt !== undefined);
  const open = rows.map(
    (row) => `job ${row.id} is ${row.state}${row.attentionAt === undefined ? '' : ' and wants attention'}`,
  );
  return [...open, `${sim.queue.waiting.size} messages wait, ${sim.workers.busy} workers are busy`].join('; ');
}

function noOrphans(sim: Simulation): string | undefined {
  const { quirks } = sim.scenario.dialect;
  for (const upload of sim.model.uploads.values()) {
    // Where uploads cannot be listed, one whose id we were never told cannot be found again.
    const isFindable = quirks.listsUploads || sim.watch.rowOfUpload.has(upload.id);
    if (upload.by !== stranger && isFindable)
      return `${upload.id} of ${upload.by} stands open with ${upload.parts.size} parts`;
  }
  return undefined;
}

function replicasConverge(sim: Simulation): string | undefined {
  for (const { request } of sim.scenario.asked) {
    const source = sim.model.peek(request.source);
    if (request.mode !== 'replicate' || !source || isDisturbed(sim, request)) continue;
    const replica = sim.model.peek(request.destination);
    if (!replica) return `${request.destination.key} is missing although ${request.source.key} is there`;
    if (fingerprint(replica.data) !== fingerprint(source.data))
      return `${request.destination.key} holds ${fingerprint(replica.data)}, its source ${fingerprint(source.data)}`;
  }
  return undefined;
}

function nothingIsLost(sim: Simulation): string | undefined {
  if (!sim.scenario.dialect.facts.conditionalDelete) return undefined;
  const { removals, writes } = sim.watch;
  for (const { object, by } of removals) {
    const renames = sim.scenario.asked.filter(
      ({ request: { mode, source } }) =>
        mode === 'rename' && source.key === object.key && source.bucket === object.bucket,
    );
    if (by === stranger || renames.length === 0) continue;
    const bytes = fingerprint(object.data);
    const copied = renames.some(({ request: { destination } }) =>
      writes.some((w) => w.bucket === destination.bucket && w.key === destination.key && fingerprint(w.data) === bytes),
    );
    if (!copied) return `${by} removed ${object.key} (${bytes}), of which there never was a copy`;
  }
  return undefined;
}

function resultsAreTrue(sim: Simulation): string | undefined {
  for (const row of sim.watch.rowsEver.values()) {
    const { state, result, destination } = row;
    if (state !== 'done') continue;
    if (!result) return `job ${row.id} is done and has no result`;
    if (result.way === 'unchanged' || result.way === 'attributes-only') continue;
    // A store that does not name what it wrote leaves size alone to compare, and the result says so.
    if (result.verifiedBy === 'size' && sim.scenario.dialect.quirks.silentComplete) continue;
    const written = sim.watch.writes.some(
      (w) =>
        w.by !== stranger &&
        w.bucket === destination.bucket &&
        w.key === destination.key &&
        w.etag === result.etag &&
        w.size === result.size,
    );
    if (!written)
      return `job ${row.id} is done with ETag ${result.etag}, which none of our requests wrote to ${destination.key}`;
  }
  return undefined;
}
