/** Workers that die at a chosen call, and the queue and sweep that bring what they left behind to its end. */
import { isFinal } from '../../../lib/copy/model/job.ts';
import type { World } from '../../../lib/copy/model/ports.ts';
import type { CopyRequest } from '../../../lib/copy/model/request.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import { lookAt } from '../../../lib/copy/sweep.ts';
import { noRules } from '../../../lib/replicate/rules/rules.ts';
import { runTask } from '../../../lib/runtime/shared/run-task.ts';

/** Thrown by every call of a worker that is dead; no error of the engine, so nothing handles it. */
export class Died extends Error {}

export interface Death {
  /** At the nth call to the store or the state table, from 1; or at the first of this name. */
  at: number | string;
  /** Before the call takes effect, or after it, with its answer unheard. */
  when: 'before' | 'after';
}

export interface Run {
  died: boolean;
  /** Names of the calls that took effect. */
  calls: string[];
}

const invocation = (attempt: number) => ({ id: `test-${attempt}`, deadline: Date.now() + 60_000, attempt });

/** Does a request and the tasks that come of it, until nothing is left or the worker dies. */
export async function runMortal(world: World, task: Task, death?: Death, attempt = 1): Promise<Run> {
  const calls: string[] = [];
  const tasks: Task[] = [task];
  let made = 0;
  let dead = false;
  const call = async (name: string, apply: () => Promise<unknown>): Promise<unknown> => {
    made += 1;
    const isLast = death?.at === made || death?.at === name;
    if (dead || (isLast && death?.when === 'before')) {
      dead = true;
      throw new Died(name);
    }
    const answer = await apply();
    calls.push(name);
    if (!isLast) return answer;
    dead = true;
    throw new Died(name);
  };
  const watched = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, name) {
        const member: unknown = Reflect.get(object, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => call(String(name), async () => Reflect.apply(member, object, args) as unknown);
      },
    });
  const mortal: World = {
    ...world,
    store: (address) => watched(world.store(address)),
    state: watched(world.state),
    queue: { send: async (more) => void tasks.push(...more) },
  };
  try {
    for (let next = tasks.shift(); next; next = tasks.shift()) {
      await runTask(mortal, noRules, undefined, next, invocation(attempt));
    }
  } catch (error) {
    if (!dead) throw error;
  }
  return { died: dead, calls };
}

/** As the queue does: the same request comes again. */
export async function redeliver(world: World, request: CopyRequest): Promise<void> {
  await runMortal(world, { kind: 'copy', request }, undefined, 2);
  await sweepUp(world);
}

/** As `ferry resume` does: every row that is not final gets its missing tasks. */
export async function sweepUp(world: World): Promise<void> {
  const { jobs } = await world.state.list({ limit: 10 });
  for (const job of jobs.filter(({ state }) => !isFinal(state))) {
    const tasks: Task[] = [];
    await lookAt({ ...world, queue: { send: async (more) => void tasks.push(...more) } }, job, invocation(1), {
      abandoned: true,
    });
    for (const task of tasks) await runMortal(world, task);
  }
}
