import { endsJob } from '../../copy/model/errors.ts';
import { isFinal } from '../../copy/model/job.ts';
import { reasonOf } from '../../copy/row/end.ts';
import type { BatchWorld } from '../model/world.ts';
import type { Batch } from './batch-row.ts';
import { changeBatch, nextLook } from './batch-row.ts';
import { taskOf } from './tasks.ts';

/**
 * Runs a step of a batch as a whole (reading, adding up). An error that no retry mends ends the batch: what was copied stays
 * copied, and the summary tells what that is. The failure of one object never gets here.
 */
export async function endingOnFailure(world: BatchWorld, batch: Batch, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!endsJob(error)) throw error;
    world.log.error('a batch failed', { batch: batch.id, code: error.code, error: error.message });
    await endBatch(world, batch, 'failed', reasonOf(error));
  }
}

/** Files of a batch are kept so long after its end. */
const keepFilesMs = 30 * 86_400_000;

/**
 * What the row of a batch says when it is added up: until when its files stay. A place that the request names belongs to its
 * caller, and the files stay there.
 */
export function keptUntil(world: BatchWorld, { row, request, files }: Batch): Pick<Batch['row'], 'removeAt'> {
  if (request.work || !files.remove) return {};
  return { removeAt: row.removeAt ?? world.clock.now() + keepFilesMs };
}

/** Ends a batch before its end. Workers drop its tasks; the summary follows. */
export async function endBatch(
  world: BatchWorld,
  batch: Batch,
  state: 'failed' | 'cancelled',
  reason: { code: string; message: string },
): Promise<Batch | undefined> {
  const ended = await changeBatch(world, batch.id, ({ job }) =>
    isFinal(job.state)
      ? undefined
      : {
          state,
          reason,
          lease: undefined,
          attentionAt: nextLook(world),
          expiresAt: world.clock.now() + world.settings.keepMs,
          batch: { paused: undefined },
        },
  );
  await world.queue.send([taskOf(batch, { kind: 'total' })]);
  return ended;
}
