import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DurableQueue } from '../../../lib/queue/durable.ts';
import { WorkerPool } from '../../../lib/queue/worker-pool.ts';
import { systemClock } from '../../../lib/runtime/shared/system-clock.ts';
import { StateDatabase } from '../../../lib/state/database.ts';
import { taskQueueContract } from './suite.ts';
import { poolOptions, quiet } from './support.ts';

taskQueueContract('durable', async (handle) => {
  const home = mkdtempSync(join(tmpdir(), 'ferry-queue-'));
  const database = StateDatabase.openIn(home);
  const queue: DurableQueue = new DurableQueue(database, {
    name: 'tasks',
    clock: systemClock,
    token: 'tests',
    onSent: () => pool.wake(),
  });
  const pool = new WorkerPool({ ...poolOptions, log: quiet, inbox: queue, handle });
  return {
    queue,
    close: async () => {
      await pool.stop();
      database.close();
      rmSync(home, { recursive: true });
    },
  };
});
