/** The alerts and the dashboard ask for metrics, and for labels of them, that a service really shows. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Service } from '../api/support.ts';
import { openService, until } from '../api/support.ts';

const folder = 'deploy/observability';
const alerts = parse(readFileSync(`${folder}/prometheus-rules.yaml`, 'utf8')) as {
  groups: {
    interval: string;
    rules: { alert: string; expr: string; for?: string; labels: object; annotations: object }[];
  }[];
};
const dashboard = JSON.parse(readFileSync(`${folder}/grafana-dashboard.json`, 'utf8')) as {
  templating: { list: { definition?: string }[] };
  panels: { title: string; targets: { expr: string }[] }[];
};
const rules = alerts.groups.flatMap((group) => group.rules);
const expressions: [string, string][] = [
  ...rules.map(({ alert, expr }): [string, string] => [alert, expr]),
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }): [string, string] => [title, expr])),
  ...dashboard.templating.list.flatMap(({ definition }): [string, string][] =>
    definition ? [['rule', definition]] : [],
  ),
];

let service: Service;
/** By family, the names of its labels. */
const shown = new Map<string, Set<string>>();

beforeAll(async () => {
  service = await openService({
    ...{ scheme: 's3', shape: 's3', events: { bucket: 'photos' } },
    config: {
      rules: [{ name: 'all', source: { bucket: 'photos' }, destination: { bucket: 'backup' }, canary: { every: 10 } }],
    },
  });
  const { client, call, url } = service;
  await client.putObject({ bucket: 'photos', key: 'a' }, Buffer.from('a'));
  await client.delete({ bucket: 'photos', key: 'a' });
  await client.putObject({ bucket: 'photos', key: 'b' }, Buffer.from('b'));
  await call('/v1/copies', { source: 's3://photos/b', destination: 's3://backup/c' });
  const read = async () => await (await fetch(`${url}/metrics`)).text();
  await until(async () => /^ferry_rule_skipped_total\{.*\} [1-9]/m.test(await read()));
  await until(async () => /^ferry_rule_last_success_timestamp_seconds\{/m.test(await read()));
  for (const line of (await read()).split('\n')) {
    const [, name, labels] = /^([a-z_]+)(?:\{([^}]*)\})? /.exec(line) ?? [];
    if (name === undefined) continue;
    const known = shown.get(name) ?? new Set();
    for (const [, label] of (labels ?? '').matchAll(/(\w+)="/g)) known.add(label ?? '');
    shown.set(name, known);
  }
});
afterAll(() => service.close());

it.each(expressions)('%s asks for metrics that there are: %s', (_, expr) => {
  const names = [...new Set(expr.match(/\bferry_[a-z_]+\b/g) ?? [])];
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !shown.has(name))).toEqual([]);
});

it.each(expressions)('%s groups by labels that there are: %s', (_, expr) => {
  const labels = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => (list ?? '').split(/,\s*/));
  const [name = ''] = /\bferry_[a-z_]+\b/.exec(expr) ?? [];
  // Prometheus itself adds the instance.
  expect(labels.filter((label) => label !== 'instance' && !shown.get(name)?.has(label))).toEqual([]);
});

describe('labels of metrics', () => {
  it('have few values: no bucket, key or caller is one', () => {
    const used = new Set([...shown.values()].flatMap((labels) => [...labels]));
    expect([...used].sort()).toEqual(
      ['action', 'code', 'kind', 'le', 'mode', 'operation', 'outcome', 'rule', 'state', 'status', 'to', 'why'].filter(
        (label) => used.has(label),
      ),
    );
  });

  it('name their units: seconds, bytes, and totals of counters', async () => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    const counters = [...text.matchAll(/^# TYPE (\w+) counter$/gm)].map(([, name]) => name ?? '');
    expect(counters.filter((name) => !name.endsWith('_total'))).toEqual([]);
    expect([...shown.keys()].filter((name) => /_(?:ms|millis|kb|mb|minutes)\b/.test(name))).toEqual([]);
  });
});

it('each alert says how bad it is, what is wrong, and where to look', () => {
  for (const { labels, annotations } of rules) {
    expect(labels).toHaveProperty('severity', expect.stringMatching(/^(?:critical|warning)$/));
    expect(annotations).toMatchObject({ summary: expect.any(String), description: expect.any(String) });
  }
});
