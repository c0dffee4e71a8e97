import { describe, expect, it } from 'vitest';
import { openMetrics } from '../../../lib/runtime/watch/prometheus.ts';

describe('metrics', () => {
  it('are text as Prometheus reads it', async () => {
    let age: number | undefined = 1.5;
    const metrics = openMetrics({
      counters: { jobs_total: { help: 'Jobs.', labels: ['mode', 'why'] } },
      gauges: {
        age_seconds: { help: 'Age.', read: () => age },
        open: { help: 'Open.', labels: ['rule'], read: () => [[{ rule: 'a' }, 2]] },
      },
      histograms: { lag_seconds: { help: 'Lag.', labels: ['rule'], buckets: [1, 5] } },
    });
    metrics.count('jobs_total', { mode: 'copy', why: 'a "b" \\ c\nd' });
    metrics.count('jobs_total', { mode: 'copy', why: 'a "b" \\ c\nd' }, 2);
    metrics.observe('lag_seconds', { rule: 'a' }, 3);
    const text = await metrics.render();
    expect(text).toContain(String.raw`jobs_total{mode="copy",why="a \"b\" \\ c\nd"} 3`);
    expect(text).toContain('# TYPE age_seconds gauge\nage_seconds 1.5');
    expect(text).toContain('open{rule="a"} 2');
    expect(text).toContain('lag_seconds_bucket{le="1",rule="a"} 0');
    expect(text).toContain('lag_seconds_bucket{le="5",rule="a"} 1');
    age = undefined;
    expect(await metrics.render()).not.toMatch(/^age_seconds /m);
  });

  it('refuse an undeclared counter', () => {
    expect(() => openMetrics({}).count('jobs_total')).toThrow('jobs_total');
  });

  it('refuse a label that the counter does not have', () => {
    const metrics = openMetrics({ counters: { jobs_total: { help: 'Jobs.', labels: ['mode'] } } });
    expect(() => metrics.count('jobs_total', { key: 'any' })).toThrow('key');
  });

  it('know a counter that was counted by 0', async () => {
    const metrics = openMetrics({ counters: { jobs_total: { help: 'Jobs.', labels: ['mode'] } } });
    metrics.count('jobs_total', { mode: 'copy' }, 0);
    expect(await metrics.render()).toContain('jobs_total{mode="copy"} 0');
  });
});
