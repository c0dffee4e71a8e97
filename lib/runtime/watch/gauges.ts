/** Gauges of `ferry serve`: what is read when it is asked for. */
import type { RuleSet } from '../../replicate/rules/rules.ts';
import type { Backlog } from './backlog.ts';
import type { Health } from './health.ts';
import type { GaugeFamily, Labels } from './prometheus.ts';

export function ruleGauges(
  backlogs: () => ReadonlyMap<string, Backlog>,
  lastSuccess: () => ReadonlyMap<string, number> | undefined,
  now: () => number,
): Record<string, GaugeFamily> {
  const each = (help: string, value: (backlog: Backlog) => number): GaugeFamily => ({
    help,
    labels: ['rule'],
    read: () => [...backlogs()].map(([rule, backlog]): [Labels, number] => [{ rule }, value(backlog)]),
  });
  return {
    ferry_rule_backlog_objects: each(
      'Objects that are not replicated yet, once for each destination; dead letters are not among them.',
      ({ objects }) => objects,
    ),
    ferry_rule_oldest_unreplicated_seconds: each(
      'Time since the oldest of these objects was written; 0 when there is none.',
      ({ oldestAt }) => (oldestAt === undefined ? 0 : Math.max(0, now() - oldestAt) / 1000),
    ),
    ferry_rule_dead_letters: each(
      'Events of the rule that were given up; `ferry dead` lists them.',
      ({ dead }) => dead,
    ),
    ferry_rule_last_success_timestamp_seconds: {
      help: 'When the rule last made a replica equal to its source, Unix time; kept over restarts.',
      labels: ['rule'],
      read: () => [...(lastSuccess() ?? [])].map(([rule, at]): [Labels, number] => [{ rule }, at / 1000]),
    },
  };
}

export function healthGauges(rules: RuleSet, health: () => Health | undefined): Record<string, GaugeFamily> {
  const names = [...new Set(rules.routes.map(({ rule }) => rule))];
  return {
    ferry_ready: {
      help: 'Whether `/readyz` answers 200: 1, or 0 while the disk or a store cannot be used.',
      read: () => (health()?.notReady() === undefined ? 1 : 0),
    },
    ferry_rule_healthy: {
      help: 'Whether the stores of the rule could be used when they were checked last: 1 or 0.',
      labels: ['rule'],
      read: () => names.map((rule): [Labels, number] => [{ rule }, health()?.troubleOf(rule) === undefined ? 1 : 0]),
    },
  };
}
