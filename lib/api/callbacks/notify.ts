import type { Job } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { StateTable } from '../../copy/model/ports.ts';
import type { CallbackMessage } from '../model/message.ts';
import { isPrefixRename } from '../views/prefix-rename.ts';
import { eventOf } from './cloud-event.ts';
import type { CallbackDeps } from './deliver.ts';

/** The same table; `onState` hears of every job that is in a new state, after the write has landed. */
export function observed(state: StateTable, onState: (job: Job) => Promise<void>): StateTable {
  return {
    async create(job) {
      const created = await state.create(job);
      if (created.landed) await onState(created.job);
      return created;
    },
    async move(job, change) {
      const moved = await state.move(job, change);
      if (moved.landed && moved.job && moved.job.state !== job.state) await onState(moved.job);
      return moved;
    },
    get: (id) => state.get(id),
    count: (id, parts, attentionAt) => state.count(id, parts, attentionAt),
    due: (before, limit) => state.due(before, limit),
    list: (query) => state.list(query),
  };
}

/**
 * Tells the lifecycle webhook and the caller's callback. A failure here must not fail the engine's step that has already
 * landed: it is logged, and the message behind the request brings the callback all the same.
 */
export function notifier(deps: Pick<CallbackDeps, 'world' | 'batches' | 'messages' | 'stores' | 'source' | 'hook'>) {
  return async (job: Job): Promise<void> => {
    const isCalledBack = isFinal(job.state) && job.labels?.['callback'] !== undefined;
    if (!deps.hook && !isCalledBack) return;
    // It was said to be copied when its batch was made.
    if (isPrefixRename(job) && job.state === 'copying') return;
    try {
      const messages: CallbackMessage[] = [];
      if (deps.hook) {
        const event = await eventOf(deps, job, `${job.id}-${job.revision}`);
        messages.push({ kind: 'event', event, attempt: 1 });
      }
      if (isCalledBack) messages.push({ kind: 'callback', jobId: job.id, attempt: 1 });
      await deps.messages.send(messages);
    } catch (error) {
      deps.world.log.error('notification could not be queued', { job: job.id, error: String(error) });
    }
  };
}
