import type { Invocation, Log } from '../../copy/model/ports.ts';
import type { Task } from '../../copy/model/task.ts';
import { diedTooOften, mostDeaths } from '../../queue/deaths.ts';
import type { UnderWay } from '../../state/under-way.ts';
import { nameOf } from '../shared/task-name.ts';

type Handle = (task: Task, invocation: Invocation) => Promise<void>;

export interface SuspectParts {
  underWay: UnderWay;
  log: Log;
  /** Ends the job or batch of a task that is not tried again, and keeps the task as a dead letter. */
  setAside(task: Task, reason: string): Promise<void>;
}

export const reasonForSettingAside =
  `The process died ${mostDeaths} times while this was under way, so it is not tried again by itself. ` +
  'Look in the log for what ended the process; the dead letter (`ferry dead list`) keeps the task.';

/**
 * The same handler, but a task that was under way when a process died runs alone among such tasks, so that one which does end
 * processes takes no other along; and is set aside at its third death.
 */
export function withoutSuspects({ underWay, log, setAside }: SuspectParts, handle: Handle): Handle {
  let last: Promise<unknown> = Promise.resolve();
  const noted = async (name: string, task: Task, invocation: Invocation): Promise<void> => {
    await underWay.begin(name);
    try {
      await handle(task, invocation);
    } finally {
      await underWay.end(name);
    }
  };
  return async (task, invocation) => {
    const name = nameOf(task);
    const deaths = underWay.deathsOf(name);
    if (deaths === 0) return await noted(name, task, invocation);
    if (deaths >= mostDeaths) {
      log.error(diedTooOften, { task: name });
      await setAside(task, reasonForSettingAside);
      return await underWay.end(name);
    }
    const turn = last.then(() => noted(name, task, invocation));
    last = turn.catch(() => {});
    return await turn;
  };
}
