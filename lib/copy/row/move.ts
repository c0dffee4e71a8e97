import type { Job, JobChange } from '../model/job.ts';
import { isFinal, isLegalMove } from '../model/job.ts';
import type { Landed, World } from '../model/ports.ts';
import { endFields } from './end-fields.ts';

/** Every state write of the engine goes through here, so that an illegal move can never reach a table. */
export async function move(world: World, job: Job, change: JobChange): Promise<Landed> {
  const to = change.state ?? job.state;
  if (!isLegalMove(job.state, to)) throw new Error(`illegal move of job ${job.id}: ${job.state} to ${to}`);
  const landed = await world.state.move(job, change);
  if (landed.landed && to !== job.state) {
    const facts = isFinal(to) ? endFields(world, landed.job ?? job) : { job: job.id };
    world.log.info(`job ${to}`, { ...facts, from: job.state });
  }
  return landed;
}

/** When the sweep should look next at a row that a worker is processing. */
export function nextLook(world: World): number {
  return world.clock.now() + world.settings.staleMs;
}
