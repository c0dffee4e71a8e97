import { EmbeddedQueue } from '../../../lib/queue/embedded.ts';
import { quiet, poolOptions } from './support.ts';
import { taskQueueContract } from './suite.ts';

taskQueueContract('embedded', async (handle) => {
  const queue = new EmbeddedQueue({ ...poolOptions, log: quiet, handle });
  return {
    queue,
    close: async () => {
      await queue.stop(0);
    },
  };
});
