/** Design section 9: requests per object when nothing goes wrong. */
import { partCount } from '../../../lib/copy/plan/plan.ts';
import type { Simulation } from '../simulation.ts';
import { keepsDestination } from './outcome.ts';

export function costs(sim: Simulation): string | undefined {
  const [asked] = sim.scenario.asked;
  if (sim.scenario.profile.weather !== 'calm' || !asked) return undefined;
  const { request } = asked;
  const made = (name: string): number => sim.watch.calls.get(name) ?? 0;
  const row = [...sim.watch.rowsEver.values()][0];
  const parts = row?.parts ? partCount(row.parts) : 0;
  const pages = Math.ceil(parts / sim.scenario.listLimit);
  const stateWrites = made('state.create') + made('state.move') + made('state.count');
  // A server with a ceiling below the documented one refuses the first try, and the job is planned a second time.
  const detour = Number(sim.scenario.dialect.quirks.directCeiling !== Infinity);
  const heads =
    (row?.parts ? 3 : 2) +
    Number(request.mode === 'replicate' || request.mode === 'rename') +
    looksFirst(sim) +
    detour +
    looksAtTags(sim);
  const limits: [string, number, number][] = [
    ['HeadObject', made('HeadObject'), heads],
    ['CopyObject', made('CopyObject'), row?.parts ? detour : 1],
    ['InitiateMultipartUpload', made('InitiateMultipartUpload'), parts > 0 ? 1 : 0],
    ['UploadPartCopy', made('UploadPartCopy'), parts],
    ['ListParts', made('ListParts'), pages],
    ['CompleteMultipartUpload', made('CompleteMultipartUpload'), parts > 0 ? 1 : 0],
    ['AbortMultipartUpload', made('AbortMultipartUpload'), 0],
    ['revivals by the sweep', sim.watch.revivals, 0],
    ['state writes', stateWrites, row ? sim.watch.partTasks + 5 + detour : 0],
  ];
  const over = limits.find(([, count, limit]) => count > limit);
  return over ? `${over[1]} ${over[0]} for ${parts} parts (${request.mode}), allowed are ${over[2]}` : undefined;
}

/** Where the store may drop the tags, a worker that reads them again looks whether they are still those of the version it copied. */
function looksAtTags(sim: Simulation): number {
  const { dropsTags, keepsTagsWithMetadata } = sim.scenario.dialect.quirks;
  return Number(dropsTags.replaceAndKeep || dropsTags.replaceAndSet || keepsTagsWithMetadata);
}

/** HEADs that a request asks for: of the source's part layout, and of the destination, again where the store may overwrite. */
function looksFirst(sim: Simulation): number {
  const { facts } = sim.scenario.dialect;
  const [asked] = sim.scenario.asked;
  if (!asked) return Number(facts.tellsPartLayout);
  const { mode, options } = asked.request;
  const looks = keepsDestination(asked.request) || options.overwrite === 'if-different';
  const holds = mode === 'rename' && options.overwrite !== 'always';
  return Number(facts.tellsPartLayout) + Number(looks) + Number(holds && !facts.forbidsOverwrite);
}
