import { describe, expect, it } from 'vitest';
import { openMetrics } from '../../../lib/runtime/serve/prometheus.ts';

describe('metrics', () => {
  it('are text as Prometheus reads it', () => {
    let age: number | undefined = 1.5;
    const metrics = openMetrics({ jobs_total: 'Jobs.' }, { age_seconds: { help: 'Age.', read: () => age } });
    metrics.count('jobs_total', { mode: 'copy', why: 'a "b" \\ c\nd' });
    metrics.count('jobs_total', { mode: 'copy', why: 'a "b" \\ c\nd' }, 2);
    expect(metrics.render()).toBe(
      [
        '# HELP jobs_total Jobs.',
        '# TYPE jobs_total counter',
        String.raw`jobs_total{mode="copy",why="a \"b\" \\ c\nd"} 3`,
        '# HELP age_seconds Age.',
        '# TYPE age_seconds gauge',
        'age_seconds 1.5',
        '',
      ].join('\n'),
    );
    age = undefined;
    expect(metrics.render()).toMatch(/gauge\n$/);
  });

  it('refuse an undeclared counter', () => {
    expect(() => openMetrics({}, {}).count('jobs_total')).toThrow('jobs_total');
  });
});
