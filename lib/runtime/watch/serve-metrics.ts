/** What `/metrics` of `ferry serve` shows. Names and units follow prometheus.io/docs/practices/naming. */
import type { RuleSet } from '../../replicate/rules/rules.ts';
import type { QueueStats } from '../../queue/durable.ts';
import type { Families, GaugeFamily, Labels, Metrics } from './prometheus.ts';
import { openMetrics } from './prometheus.ts';
import type { FigureSink } from './sink.ts';

const counters: NonNullable<Families['counters']> = {
  ferry_http_requests_total: {
    help: 'Requests answered, by status and by what they were about.',
    labels: ['status', 'to'],
  },
  ferry_events_kept_total: { help: 'Posted events that were put on the disk.' },
  ferry_events_skipped_total: { help: 'Posted events that change no object, by why.', labels: ['why'] },
  ferry_store_requests_total: {
    help: 'Requests sent to stores, by operation and HTTP status; none: no answer came.',
    labels: ['operation', 'status'],
  },
  ferry_tasks_done_total: { help: 'Tasks of the engine done, by kind.', labels: ['kind'] },
  ferry_jobs_ended_total: { help: 'Copy jobs ended, by mode and final state.', labels: ['mode', 'state'] },
  ferry_batches_ended_total: { help: 'Batches ended, by mode and final state.', labels: ['mode', 'state'] },
  ferry_rule_events_total: {
    help: 'Events that concern the rule, once for each of its destinations.',
    labels: ['rule'],
  },
  ferry_rule_replicated_total: {
    help: 'Replicas that were made equal to their source, by how: copied, deleted, unchanged.',
    labels: ['rule', 'action'],
  },
  ferry_rule_skipped_total: { help: 'Events that needed no copy, by why.', labels: ['rule', 'why'] },
  ferry_rule_failures_total: {
    help: 'Attempts that failed, by the code of the error; most are repeated.',
    labels: ['rule', 'code'],
  },
  ferry_rule_canaries_total: {
    help: 'Canaries that ended, by whether they arrived: arrived, lost.',
    labels: ['rule', 'outcome'],
  },
  ferry_rule_replicated_bytes_total: { help: 'Bytes that the store copied for the rule.', labels: ['rule'] },
  ferry_rule_store_requests_total: { help: 'Requests sent to the store for the rule.', labels: ['rule'] },
};

const histograms: NonNullable<Families['histograms']> = {
  ferry_rule_canary_seconds: {
    help: 'From the write of a canary until its replica was seen.',
    labels: ['rule'],
    buckets: [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
  },
  ferry_rule_lag_seconds: {
    help: 'From the write of a source, as its event tells, until the replica holds it or something newer.',
    labels: ['rule'],
    // From the fastest replica that was seen to a day.
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14_400, 86_400],
  },
};

/** Failures that alerts look at: known at 0 from the start, or the first of them would not count as an increase. */
const watchedCodes = ['RetryLater', 'AccessDenied', 'InvalidCredentials', 'NoSuchBucket'];

/** @param queues by name, asked at each reading */
export function openServeMetrics(
  queues: Record<string, () => QueueStats>,
  gauges: Record<string, GaugeFamily>,
): Metrics {
  const all: Record<string, GaugeFamily> = {
    process_resident_memory_bytes: { help: 'Memory of this process.', read: () => process.memoryUsage.rss() },
    process_start_time_seconds: {
      help: 'When it started, Unix time.',
      read: () => Date.now() / 1000 - process.uptime(),
    },
    ...gauges,
  };
  for (const [name, stats] of Object.entries(queues)) {
    all[`ferry_${name}_open`] = { help: `Kept ${name} that are not done yet.`, read: () => stats().open };
    all[`ferry_${name}_dead`] = { help: `Dead letters among the ${name}.`, read: () => stats().dead };
    all[`ferry_${name}_oldest_seconds`] = {
      help: `Age of the oldest of the ${name} that are not done yet.`,
      read: () => {
        const { oldestAt } = stats();
        return oldestAt === undefined ? 0 : Math.max(0, (Date.now() - oldestAt) / 1000);
      },
    };
  }
  return openMetrics({ counters, gauges: all, histograms });
}

/** Counts what happens to rules. */
export function metricsSink(metrics: Metrics, rules: RuleSet): FigureSink {
  for (const rule of new Set(rules.routes.map((route) => route.rule))) {
    const zero = (name: string, labels: Labels = {}): void => metrics.count(name, { rule, ...labels }, 0);
    for (const name of ['events', 'replicated_bytes', 'store_requests']) zero(`ferry_rule_${name}_total`);
    zero('ferry_rule_replicated_total', { action: 'copied' });
    if (rules.routes.some((route) => route.rule === rule && route.canarySeconds !== undefined))
      for (const outcome of ['arrived', 'lost']) zero('ferry_rule_canaries_total', { outcome });
    for (const code of watchedCodes) zero('ferry_rule_failures_total', { code });
  }
  return {
    seen: (rule) => metrics.count('ferry_rule_events_total', { rule }),
    replicated(rule, { action, bytes, lagSeconds }) {
      metrics.count('ferry_rule_replicated_total', { rule, action });
      metrics.count('ferry_rule_replicated_bytes_total', { rule }, bytes);
      if (lagSeconds !== undefined) metrics.observe('ferry_rule_lag_seconds', { rule }, lagSeconds);
    },
    skipped: (rule, why) => metrics.count('ferry_rule_skipped_total', { rule, why }),
    failed: (rule, code) => metrics.count('ferry_rule_failures_total', { rule, code }),
    requested: (rule, requests) => metrics.count('ferry_rule_store_requests_total', { rule }, requests),
  };
}
