/** The work function, on a real state file, in invocations that end without an answer. */
import { expect, it } from 'vitest';
import { workHandler } from '../../../functions/work.ts';
import { RetryLater } from '../../../lib/copy/model/errors.ts';
import type { ObjectStore, SharedRecords, World } from '../../../lib/copy/model/ports.ts';
import { defaultSettings } from '../../../lib/copy/model/settings.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import { sweep } from '../../../lib/copy/sweep.ts';
import { noRules } from '../../../lib/replicate/rules/rules.ts';
import { EmbeddedStateTable } from '../../../lib/state/embedded.ts';
import { EmbeddedSharedRecords } from '../../../lib/state/embedded-shared.ts';
import { s3 } from '../../../lib/store/dialects/s3.ts';
import { keptLog } from '../queue/virtual-clock.ts';
import { handClock, jobOf, newHome, openIn } from '../state/home.ts';

const invocationMs = 60_000;
const finish: Task = { kind: 'finish', jobId: 'j' };
const copy: Task = {
  kind: 'copy',
  request: {
    mode: 'copy',
    store: { scheme: 's3' },
    source: { bucket: 'a', key: 'k' },
    destination: { bucket: 'b', key: 'k' },
    options: {},
  },
};

async function setUp() {
  const clock = handClock();
  const database = openIn(newHome());
  const state = new EmbeddedStateTable(database, { clock, owner: 'test' });
  const shared = new EmbeddedSharedRecords(database, clock);
  const log = keptLog();
  const sent: Task[] = [];
  const calls = { store: 0, shared: 0 };
  let onCall: () => Promise<never> = () => Promise.reject(new RetryLater('not set'));
  const asked = () => ((calls.store += 1), onCall());
  const counted: SharedRecords = {
    get: (id) => ((calls.shared += 1), shared.get(id)),
    compareAndSet: (...given) => ((calls.shared += 1), shared.compareAndSet(...given)),
  };
  const store = { facts: s3.facts, head: asked, listParts: asked, abort: async () => {} } as unknown as ObjectStore;
  const world: World = {
    ...{ state, shared: counted, clock, log, random: () => 0.5, settings: defaultSettings },
    store: () => store,
    queue: { send: async (tasks) => void sent.push(...tasks) },
  };
  const postponed: number[] = [];
  const runtime = {
    world,
    rules: noRules,
    postpone: async (_: unknown, delayMs: number) => void postponed.push(delayMs),
  };
  const handle = workHandler(async () => runtime);
  await state.create(jobOf('j', { uploadId: 'u', parts: [{ size: 1, count: 1 }], attentionAt: clock.at }));
  const deliver = (task: Task, attempt: number) =>
    handle(
      {
        Records: [
          {
            ...{ eventSource: 'aws:sqs', messageId: 'm', body: JSON.stringify(task) },
            attributes: { ApproximateReceiveCount: String(attempt) },
          },
        ],
      },
      { awsRequestId: `${clock.at}/${attempt}`, getRemainingTimeInMillis: () => invocationMs },
    );
  /** The worker takes the task and is not heard of again. */
  const die = async (task: Task, attempt: number, { late = true } = {}): Promise<void> => {
    await new Promise<void>((resolve) => {
      onCall = () => (resolve(), new Promise(() => {}));
      void deliver(task, attempt);
    });
    if (late) clock.at += invocationMs;
  };
  const failWith = (error: Error) => (onCall = () => Promise.reject(error));
  return { clock, world, state, log, sent, calls, postponed, deliver, die, failWith };
}

const done = { batchItemFailures: [] };
const failed = { batchItemFailures: [{ itemIdentifier: 'm' }] };

it('ends a job with WorkerDied when the marks of three dead workers were found, and does not run its task again', async () => {
  const { state, calls, deliver, die } = await setUp();
  for (const attempt of [1, 2, 3, 4]) await die(finish, attempt);
  expect(await deliver(finish, 5)).toEqual(done);
  expect(calls.store).toBe(4);
  expect(await state.get('j')).toMatchObject({ state: 'failed', reason: { code: 'WorkerDied' } });
});

it('counts on when the sweep sends the task anew', async () => {
  const { clock, world, state, sent, deliver, die } = await setUp();
  const nextSweep = async (): Promise<Task> => {
    clock.at += defaultSettings.staleMs;
    const finishing = await state.get('j');
    if (finishing?.state === 'copying') await state.move(finishing, { state: 'finishing', attentionAt: clock.at });
    await sweep(world, { id: 'sweep', deadline: Infinity, attempt: 1 });
    return sent.pop() as Task;
  };
  for (let n = 0; n < 3; n += 1) await die(await nextSweep(), 1);
  expect(await deliver(await nextSweep(), 1)).toEqual(done);
  expect(await state.get('j')).toMatchObject({ state: 'failed', reason: { code: 'WorkerDied' } });
});

it('keeps the message of a copy that has no row for the dead letters', async () => {
  const { clock, calls, log, deliver, die } = await setUp();
  for (const attempt of [1, 2, 3, 4]) await die(copy, attempt);
  for (const attempt of [5, 6]) expect(await deliver(copy, attempt)).toEqual(failed);
  expect(calls.store).toBe(4);
  // Within six hours the queue has given up the message; an operator may then send it again.
  clock.at += 6 * 3_600_000;
  await die(copy, 2);
  expect(calls.store).toBe(5);
  expect(log.said.at(-1)).toMatchObject({
    message: 'a message failed',
    fields: { error: expect.stringContaining('The worker died 3 times') as string },
  });
});

it('begins to count anew when the task ends, well or not', async () => {
  const { calls, state, deliver, die, failWith } = await setUp();
  for (const attempt of [1, 2, 3]) await die(finish, attempt);
  failWith(new RetryLater('slow down'));
  expect(await deliver(finish, 4)).toEqual(failed);
  for (const attempt of [5, 6, 7]) await die(finish, attempt);
  expect(calls.store).toBe(7);
  expect((await state.get('j'))?.state).toBe('copying');
});

it('does a task at once that another invocation may be at work on, when no worker has died with it', async () => {
  const { calls, postponed, deliver, die, failWith } = await setUp();
  await die(finish, 2, { late: false });
  failWith(new RetryLater('slow down'));
  await deliver(finish, 3);
  expect(calls.store).toBe(2);
  expect(postponed).toEqual([0]);
});

it('holds a suspect back until the other invocation must have ended', async () => {
  const { calls, postponed, deliver, die } = await setUp();
  await die(finish, 2);
  await die(finish, 3, { late: false });
  expect(await deliver(finish, 4)).toEqual(failed);
  expect(calls.store).toBe(2);
  // A second is kept back from each invocation for its answer.
  expect(postponed).toEqual([invocationMs - 1_000]);
});

it('costs nothing for a first delivery', async () => {
  const { calls, deliver, failWith } = await setUp();
  failWith(new RetryLater('slow down'));
  await deliver(finish, 1);
  await deliver(copy, 1);
  expect(calls).toEqual({ store: 2, shared: 0 });
});
