import { GiveUp } from '../../copy/model/errors.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import type { BatchWorld } from '../model/world.ts';
import type { BatchView } from '../report/view.ts';
import { viewOf } from '../report/view.ts';
import type { Batch } from '../rows/batch-row.ts';
import { changeBatch, nextLook, openBatch } from '../rows/batch-row.ts';
import { endBatch } from '../rows/end.ts';
import { revive } from './sweep.ts';

/**
 * Workers finish the objects under way and begin no more; jobs of large objects go on.
 * @throws GiveUp NotFound; BadRequest when it has ended.
 */
export async function pauseBatch(world: BatchWorld, id: string, options: CallOptions = {}): Promise<BatchView> {
  refuseEnded(await openBatch(world, id));
  const paused = await changeBatch(world, id, ({ job, row }) =>
    isFinal(job.state) || row.paused ? undefined : { attentionAt: undefined, batch: { paused: true } },
  );
  return await view(world, id, paused, options);
}

/**
 * Goes on with a batch that was paused, or that has lost its tasks; pages that are finished are not copied again.
 * @throws GiveUp NotFound; BadRequest when it has ended.
 */
export async function resumeBatch(world: BatchWorld, id: string, options: CallOptions = {}): Promise<BatchView> {
  refuseEnded(await openBatch(world, id));
  const resumed = await changeBatch(world, id, ({ job, row }) =>
    isFinal(job.state) || !row.paused ? undefined : { attentionAt: nextLook(world), batch: { paused: undefined } },
  );
  if (resumed) await revive(world, resumed, options);
  return await view(world, id, resumed, options);
}

/**
 * Ends a batch: nothing more is begun, jobs of large objects are cancelled. What was copied stays, and the summary (which
 * follows soon) tells what that is.
 * @throws GiveUp NotFound; BadRequest when it has ended.
 */
export async function cancelBatch(world: BatchWorld, id: string, options: CallOptions = {}): Promise<BatchView> {
  const batch = await openBatch(world, id);
  refuseEnded(batch);
  const message = `batch ${id} was cancelled; what was copied before is in its results`;
  const ended = await endBatch(world, batch, 'cancelled', { code: 'Cancelled', message });
  return await view(world, id, ended, options);
}

function refuseEnded({ id, job }: Batch): void {
  if (!isFinal(job.state)) return;
  throw new GiveUp('BadRequest', `Batch ${id} has ended (${job.state}); start another, or retry what failed.`);
}

async function view(world: BatchWorld, id: string, batch: Batch | undefined, options: CallOptions): Promise<BatchView> {
  return await viewOf(world, batch ?? (await openBatch(world, id)), options);
}
