/** All that `ferry serve` shows of its rules and of itself, put together. */
import type { RuleStatus } from '../../api/views/rule-status.ts';
import type { World } from '../../copy/model/ports.ts';
import type { QueueStats } from '../../queue/durable.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';
import { backlogOf, forAMoment, type Backlog, type BacklogSource } from './backlog.ts';
import type { GaugeFamily, Labels, Metrics } from './prometheus.ts';
import { ruleStatuses } from './rule-status.ts';
import { openWatcher, type Watcher } from './rule-watch.ts';
import { metricsSink, openServeMetrics } from './serve-metrics.ts';
import { allOf } from './sink.ts';
import { RuleTotals } from './totals.ts';

/** What is read at each look; there only once the service is open. */
export interface Watched {
  embedded: { world: World; openReplicas: BacklogSource['jobs'] };
  queues: Record<'events' | 'messages' | 'tasks', { stats(): QueueStats }> & Pick<BacklogSource, 'events'>;
}

export interface ServeWatch {
  metrics: Metrics;
  rules: Watcher;
  /** To be called once, before the first event. */
  begin(world: World): Promise<void>;
  statuses(): Promise<RuleStatus[]>;
  /** Writes figures to the state now and then, until the signal. */
  keep(signal: AbortSignal): Promise<void>;
  flush(): Promise<void>;
}

/** A process that is killed loses the counts of so long, milliseconds. */
const flushMs = 10_000;

export function openServeWatch(rules: RuleSet, watched: () => Watched): ServeWatch {
  const now = Date.now;
  let totals: RuleTotals | undefined;
  const backlogs = forAMoment(
    () => {
      const { embedded, queues } = watched();
      return backlogOf({ events: queues.events, jobs: () => embedded.openReplicas() }, rules);
    },
    now,
    1_000,
  );
  const stats = (name: keyof Watched['queues']) => () => watched().queues[name].stats();
  const queues = { events: stats('events'), messages: stats('messages'), tasks: stats('tasks') };
  const metrics = openServeMetrics(
    queues,
    ruleGauges(backlogs, () => totals?.lastSuccess, now),
  );
  const later: RuleTotals['sink'] = {
    seen: (...all) => totals?.sink.seen(...all),
    replicated: (...all) => totals?.sink.replicated(...all),
    skipped: (...all) => totals?.sink.skipped(...all),
    failed: (...all) => totals?.sink.failed(...all),
    requested: (...all) => totals?.sink.requested(...all),
  };
  const flush = async (): Promise<void> => await totals?.flush(watched().embedded.world.log);
  return {
    metrics,
    rules: openWatcher(rules, allOf([metricsSink(metrics, rules), later]), now),
    flush,
    async begin(world) {
      totals = new RuleTotals(world.shared, rules, now);
      await totals.begin(rules);
    },
    statuses: () => ruleStatuses(rules, { totals: async (rule) => await totals?.read(rule), backlogs: backlogs() }),
    async keep(signal) {
      const { clock } = watched().embedded.world;
      while (!signal.aborted) {
        await clock.sleep(flushMs, signal);
        await flush();
      }
    },
  };
}

function ruleGauges(
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
