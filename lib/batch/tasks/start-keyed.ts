import { CopyError, gaveUp } from '../../copy/model/errors.ts';
import { keyedJobId } from '../../copy/model/ids.ts';
import type { StartOutcome } from '../../copy/model/job.ts';
import type { Invocation } from '../../copy/model/ports.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import { startCopy } from '../../copy/start.ts';
import type { BatchWorld } from '../model/world.ts';

/**
 * A second worker that comes upon the same object may find it moved already: whatever it concludes from that, the row of the
 * first one knows better.
 */
export async function startKeyed(world: BatchWorld, copy: CopyRequest, invocation: Invocation): Promise<StartOutcome> {
  try {
    return await startCopy(world, copy, invocation);
  } catch (error) {
    // Refused by the store after our look had found nothing: that may be the copy of a second worker of this page.
    const justWritten = gaveUp(error, 'DestinationExists') && error.answer !== undefined;
    if (justWritten && copy.mode === 'copy') return await startCopy(world, copy, { ...invocation, attempt: 2 });
    const id = keyedJobId(copy);
    const foreign = error instanceof CopyError && error.decision !== 'retry' && !gaveUp(error, 'StateUnusable');
    if (!foreign || id === undefined) throw error;
    const row = await world.state.get(id);
    if (!row || row.state === 'failed') throw error;
    return await startCopy(world, copy, invocation);
  }
}
