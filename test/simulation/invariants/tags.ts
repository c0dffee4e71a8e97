/** I6: a change of metadata takes no tag away in silence, in whatever weather and however it ended. */
import { stranger } from '../model/objects.ts';
import type { Simulation } from '../simulation.ts';
import { hasTwins, originOf } from './fidelity.ts';
import { isDisturbed, namesLostTags } from './outcome.ts';

export function noTagLostInSilence(sim: Simulation): string | undefined {
  for (const { request } of sim.scenario.asked) {
    const object = sim.model.peek(request.destination);
    if (request.mode !== 'metadata' || !object?.copiedFrom || object.by === stranger) continue;
    if (isDisturbed(sim, request) || hasTwins(sim, object.copiedFrom, object)) continue;
    const { tags } = request.options;
    const before = tags?.base === 'replace' ? {} : originOf(object).tags;
    const missing = Object.keys(before).filter((name) => object.tags[name] === undefined);
    if (missing.length > 0 && !namesLostTags(sim, request.destination))
      return `${request.destination.key} has lost its tags ${missing.join()}, and nothing says so`;
  }
  return undefined;
}
