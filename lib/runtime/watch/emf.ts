/**
 * Figures of rules as log lines in the embedded metric format of CloudWatch
 * (docs.aws.amazonaws.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html):
 * CloudWatch makes metrics of them, with the rule's name as the only dimension, and no call has to be sent.
 */
import type { FigureSink } from './sink.ts';

type Unit = 'Count' | 'Bytes' | 'Seconds';

const units = {
  Events: 'Count',
  Replicated: 'Count',
  Skipped: 'Count',
  Failures: 'Count',
  StoreRequests: 'Count',
  ReplicatedBytes: 'Bytes',
  Lag: 'Seconds',
} as const satisfies Record<string, Unit>;

type Values = Partial<Record<keyof typeof units, number>>;

/**
 * @param write gets each line, which must reach the log as it is
 * @param namespace of the metrics
 */
export function emfSink(write: (line: string) => void, namespace: string, now: () => number): FigureSink {
  /** @param more properties that can be searched for, and are no dimensions: each of their values would cost a metric */
  const put = (rule: string, values: Values, more: Record<string, string> = {}): void => {
    const Metrics = Object.keys(values).map((Name) => ({ Name, Unit: units[Name as keyof typeof units] }));
    const directive = { Namespace: namespace, Dimensions: [['Rule']], Metrics };
    const _aws = { Timestamp: now(), CloudWatchMetrics: [directive] };
    write(JSON.stringify({ _aws, Rule: rule, ...values, ...more }));
  };
  return {
    seen: (rule) => put(rule, { Events: 1 }),
    replicated: (rule, { action, bytes, lagSeconds }) =>
      put(
        rule,
        { Replicated: 1, ReplicatedBytes: bytes, ...(lagSeconds !== undefined && { Lag: lagSeconds }) },
        { action },
      ),
    skipped: (rule, why) => put(rule, { Skipped: 1 }, { why }),
    failed: (rule, code) => put(rule, { Failures: 1 }, { code }),
    requested: (rule, requests) => put(rule, { StoreRequests: requests }),
  };
}
