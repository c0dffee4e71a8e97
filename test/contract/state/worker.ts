/**
 * A process of its own on a state file, for the tests: `worker.ts PATH WORK NAME COUNT`. Tells what it did as one JSON line
 * each on stdout.
 */
import type { Job } from '../../../lib/copy/model/job.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import { DurableQueue } from '../../../lib/queue/durable.ts';
import { systemClock as clock } from '../../../lib/runtime/shared/system-clock.ts';
import { StateDatabase } from '../../../lib/state/database.ts';
import { EmbeddedStateTable } from '../../../lib/state/embedded.ts';

const [home = '', work = '', name = '', count = '0'] = process.argv.slice(2);
const database = StateDatabase.openIn(home);
const table = new EmbeddedStateTable(database, { clock, owner: name });
const inbox = new DurableQueue<Task>(database, { name: 'tasks', clock, token: name });
const times = Array.from({ length: Number(count) }, (_, n) => n);
// Written before the next step begins, so that a kill cannot swallow it.
const tell = (what: object): Promise<void> =>
  new Promise((resolve) => process.stdout.write(`${JSON.stringify(what)}\n`, () => resolve()));

const works: Record<string, () => Promise<void>> = {
  /** Adds its name to the shared job as often as asked, by compare-and-set. */
  async moves() {
    for (const n of times) {
      for (let row = await table.get('shared'); row;) {
        const labels: Record<string, string> = { ...row.labels, [`${name}-${n}`]: 'here' };
        const { landed, job } = await table.move(row, { labels });
        if (landed) break;
        row = job;
      }
    }
  },
  async counts() {
    for (let n = 0; n < times.length; n += 1) await tell({ sum: await table.count('shared', 1, 5) });
  },
  async creates() {
    for (const n of times) await tell({ id: n, ...(await table.create(someRow(`job-${n}`))) });
  },
  async receives() {
    for (;;) {
      const deliveries = await inbox.receive(3, 60_000);
      if (deliveries.length === 0) return;
      for (const delivery of deliveries) {
        await tell({ got: delivery.id });
        await inbox.ack(delivery);
      }
    }
  },
  sends: () => untilRefused((n) => inbox.send([{ kind: 'finish', jobId: `${n}` }])),
  /** One statement each, without a transaction around it. */
  writes: () =>
    untilRefused(async (n) => database.rows('INSERT INTO owners VALUES (?, ?) RETURNING job_id', `${n}`, name)),
};

/** Writes until it is killed or refused. */
async function untilRefused(write: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 0; ; n += 1) {
    try {
      await write(n);
    } catch (error) {
      await tell({ refused: error instanceof Error ? error.message : error });
      return;
    }
    await tell({ sent: `${n}` });
  }
}

function someRow(id: string): Job {
  return {
    id,
    revision: 1,
    state: 'copying',
    mode: 'copy',
    store: { scheme: 'oss' },
    source: { bucket: 'a', key: 'k' },
    destination: { bucket: 'b', key: 'k' },
    options: {},
    labels: { by: name },
    partsDone: 0,
    createdAt: 1,
    updatedAt: 1,
  };
}

await works[work]?.();
database.close();
