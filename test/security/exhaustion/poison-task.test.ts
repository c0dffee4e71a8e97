/** A task of the queues in memory that ends the process: its job ends with that reason at the third death, and no other does. */
import { expect, it } from 'vitest';
import type { Task } from '../../../lib/copy/model/task.ts';
import { openEmbedded } from '../../../lib/runtime/embedded/open.ts';
import { jobOf, newHome } from '../../unit/state/home.ts';

const finish = (jobId: string): Task => ({ kind: 'finish', jobId });

const sent = ['before', 'poison', 'after'];

/** A process on `home` that dies as soon as it works on 'poison', with all the others when they take so long. */
async function liveAndDie(home: string, othersTakeLong: boolean): Promise<void> {
  let poisoned: () => void = () => {};
  const death = new Promise<void>((resolve) => (poisoned = resolve));
  const never = new Promise<void>(() => {});
  const embedded = await openEmbedded({
    home,
    run: async (_world, _rules, _batches, task) => {
      const isPoison = 'jobId' in task && task.jobId === 'poison';
      if (isPoison) poisoned();
      if (isPoison || othersTakeLong) await never;
    },
  });
  if (!(await embedded.job('poison'))) for (const id of sent) await embedded.world.state.create(jobOf(id));
  await embedded.world.queue.send(sent.map(finish));
  await death;
  // A process that has left and one that is dead look the same to the others.
  embedded.processes.leave();
}

it('fails with WorkerDied, keeps its task as a dead letter, and takes no task along that was under way with it', async () => {
  const home = newHome();
  for (let death = 1; death <= 3; death += 1) await liveAndDie(home, death === 1);
  const tried: string[] = [];
  const embedded = await openEmbedded({
    home,
    run: async (_world, _rules, _batches, task) => void tried.push('jobId' in task ? (task.jobId ?? '') : ''),
  });
  await embedded.world.queue.send(sent.map(finish));
  await expect.poll(async () => (await embedded.job('poison'))?.state).toBe('failed');
  expect((await embedded.job('poison'))?.reason).toMatchObject({
    code: 'WorkerDied',
    message: expect.stringMatching(/^The process died 3 times while this was under way/) as string,
  });
  expect(embedded.inbox.listDead(9).map(({ task, attempts }) => ({ task, attempts }))).toEqual([
    { task: finish('poison'), attempts: 3 },
  ]);
  await expect.poll(() => [...tried].sort()).toEqual(['after', 'before']);
  expect((await embedded.job('before'))?.state).toBe('copying');
  await embedded.close();
});
