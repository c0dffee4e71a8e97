import type { Metrics } from './prometheus.ts';
import { openMetrics } from './prometheus.ts';
import type { QueueName, Queues } from './queues.ts';

const counters = {
  ferry_http_requests_total: 'Requests answered, by status and by what they were about.',
  ferry_events_kept_total: 'Posted events that were put on the disk.',
  ferry_events_skipped_total: 'Posted events that change no object, by why.',
  ferry_store_requests_total: 'Requests sent to stores, by operation and HTTP status.',
  ferry_tasks_done_total: 'Tasks of the engine done, by kind.',
  ferry_jobs_ended_total: 'Copy jobs ended, by mode and final state.',
  ferry_batches_ended_total: 'Batches ended, by mode and final state.',
};

const names: readonly QueueName[] = ['events', 'messages', 'tasks'];

/** @param queues asked at each reading */
export function openServeMetrics(queues: () => Queues): Metrics {
  const gauges: Parameters<typeof openMetrics>[1] = {
    process_resident_memory_bytes: { help: 'Memory of this process.', read: () => process.memoryUsage.rss() },
    process_start_time_seconds: {
      help: 'When it started, Unix time.',
      read: () => Date.now() / 1000 - process.uptime(),
    },
  };
  for (const name of names) {
    const stats = () => queues()[name].stats();
    gauges[`ferry_${name}_open`] = { help: `Kept ${name} that are not done yet.`, read: () => stats().open };
    gauges[`ferry_${name}_dead`] = { help: `Dead letters among the ${name}.`, read: () => stats().dead };
    gauges[`ferry_${name}_oldest_seconds`] = {
      help: `Age of the oldest of the ${name} that are not done yet.`,
      read: () => {
        const { oldestAt } = stats();
        return oldestAt === undefined ? 0 : Math.max(0, (Date.now() - oldestAt) / 1000);
      },
    };
  }
  return openMetrics(counters, gauges);
}
