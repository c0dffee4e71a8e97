import { GiveUp, RetryLater } from '../../copy/model/errors.ts';
import type { Invocation, SharedRecord, World } from '../../copy/model/ports.ts';
import type { Task } from '../../copy/model/task.ts';
import { diedTooOften, mostDeaths } from '../../queue/deaths.ts';
import type { Runtime } from './runtime.ts';
import { nameOf } from './task-name.ts';

/** What workers know of a task that was delivered before. */
interface Mark {
  /** The invocation that works on it; absent: none does. */
  holder?: string;
  /** When that invocation has ended, however; epoch milliseconds. */
  until: number;
  /** Invocations that died with the task since it last ended. */
  deaths: number;
}

/** The message, and the sweep that sends it anew, live no longer. */
const keepMs = 14 * 86_400_000;

/** A message that is set aside uses up its deliveries within this time. Sent again later, it is tried again. */
const setAsideMs = 6 * 3_600_000;

const reason =
  `The worker died ${mostDeaths} times while this was under way, so it is not tried again by itself. ` +
  'Look in the log of the function for what ended it; then ask for the same again.';

/**
 * Runs a task where no process outlives its worker to tell of its death, as on Lambda. A first delivery costs nothing. For
 * each later one a shared record says which invocation is at work and until when: who finds the mark of an invocation that
 * must have ended counts a death, and at the third the job or batch ends with WorkerDied. Costs one read and two writes for
 * each delivery after the first.
 *
 * @throws GiveUp WorkerDied for a copy without a row, so that its message becomes a dead letter; RetryLater while a suspect is
 * under way elsewhere; what `run` throws.
 */
export async function countDeaths(
  runtime: Runtime,
  task: Task,
  invocation: Invocation,
  run: () => Promise<void>,
): Promise<void> {
  if (invocation.attempt === 1 && !task.again) return await run();
  const { world } = runtime;
  const name = nameOf(task);
  const id = `under-way/${name}`;
  const found = await world.shared.get(id);
  const mark = found?.value as Mark | undefined;
  const isHeld = mark?.holder !== undefined && mark.until > world.clock.now();
  if (isHeld && mark.deaths > 0) {
    const delayMs = mark.until - world.clock.now();
    throw new RetryLater('A worker may have died with this task, and another one is at work on it.', { delayMs });
  }
  if (isHeld) return await run();
  const deaths = (mark?.deaths ?? 0) + (mark?.holder === undefined ? 0 : 1);
  if (deaths >= mostDeaths) {
    world.log.error(diedTooOften, { task: name });
    const now = world.clock.now();
    const hasRow = task.kind !== 'copy' || task.jobId !== undefined;
    if (hasRow) await setAside(runtime, task);
    // Later deliveries of the message find this, until it is a dead letter; a job that is asked for again is tried again.
    if (mark?.holder !== undefined || hasRow) {
      const kept: Mark = { until: now, deaths };
      await world.shared.compareAndSet(id, found, kept, now + (hasRow ? 1 : setAsideMs));
    }
    if (hasRow) return;
    throw new GiveUp('WorkerDied', reason);
  }
  const mine: Mark = { holder: invocation.id, until: invocation.deadline, deaths };
  // Without the mark the death would not be counted; the work is done all the same.
  const isMarked = await world.shared.compareAndSet(id, found, mine, world.clock.now() + keepMs);
  try {
    await run();
  } finally {
    if (isMarked) await clear(world, id, invocation);
  }
}

/** The task has ended, however: it did not end the worker. */
async function clear(world: World, id: string, { id: holder }: Invocation): Promise<void> {
  try {
    const found: SharedRecord | undefined = await world.shared.get(id);
    if ((found?.value as Mark | undefined)?.holder !== holder) return;
    const now = world.clock.now();
    await world.shared.compareAndSet(id, found, { until: now, deaths: 0 } satisfies Mark, now + 1);
  } catch (error) {
    world.log.warn('a task that ended may count as a death of its worker', { mark: id, error: String(error) });
  }
}

async function setAside({ world, batches }: Runtime, task: Task): Promise<void> {
  const { endAsDead } = await import('./end-as-dead.ts');
  await endAsDead(world, batches, task, reason);
}
