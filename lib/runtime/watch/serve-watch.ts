/** All that `ferry serve` shows of its rules and of itself, put together. */
import type { RuleStatus } from '../../api/views/rule-status.ts';
import type { World } from '../../copy/model/ports.ts';
import type { QueueStats } from '../../queue/durable.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';
import { backlogOf, forAMoment, type BacklogSource } from './backlog.ts';
import { keepCanaries } from './canary.ts';
import { healthGauges, ruleGauges } from './gauges.ts';
import { Health, type HealthParts } from './health.ts';
import type { Place } from './places.ts';
import type { Metrics } from './prometheus.ts';
import { ruleStatuses } from './rule-status.ts';
import { openWatcher, type Watcher } from './rule-watch.ts';
import { metricsSink, openServeMetrics } from './serve-metrics.ts';
import { allOf, type FigureSink } from './sink.ts';
import { RuleTotals } from './totals.ts';

/** What is read at each look; there only once the service is open. */
export interface Watched {
  embedded: { world: World; openReplicas: BacklogSource['jobs']; store: HealthParts['client'] };
  queues: Record<'events' | 'messages' | 'tasks', { stats(): QueueStats }> & Pick<BacklogSource, 'events'>;
}

export interface ServeWatch {
  metrics: Metrics;
  rules: Watcher;
  /** To be called once, before the first event. */
  begin(world: World, places: readonly Place[]): Promise<void>;
  /** Absent before `begin`. */
  readonly health: Health | undefined;
  statuses(): Promise<RuleStatus[]>;
  /** Writes figures to the state now and then, until the signal. */
  keep(signal: AbortSignal): Promise<void>;
  flush(): Promise<void>;
}

/** What waits for so long, milliseconds, is a reason to look at the stores of its rule. */
const waitedMs = 15_000;

/** A process that is killed loses the counts of so long, milliseconds. */
const flushMs = 10_000;

export function openServeWatch(rules: RuleSet, watched: () => Watched, now: () => number): ServeWatch {
  let totals: RuleTotals | undefined;
  let health: Health | undefined;
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
  const metrics = openServeMetrics(queues, {
    ...ruleGauges(backlogs, () => totals?.lastSuccess, now),
    ...healthGauges(rules, () => health),
  });
  const later: RuleTotals['sink'] = {
    seen: (...all) => totals?.sink.seen(...all),
    replicated: (...all) => totals?.sink.replicated(...all),
    skipped: (...all) => totals?.sink.skipped(...all),
    failed: (...all) => totals?.sink.failed(...all),
    requested: (...all) => totals?.sink.requested(...all),
  };
  /** A failure is a reason to look at the stores. */
  const nothing = (): void => {};
  const suspicion: FigureSink = {
    ...{ seen: nothing, replicated: nothing, skipped: nothing, requested: nothing },
    failed: (rule) => health?.suspect(rule),
  };
  const flush = async (): Promise<void> => await totals?.flush(watched().embedded.world.log);
  return {
    metrics,
    rules: openWatcher(rules, allOf([metricsSink(metrics, rules), later, suspicion]), now),
    flush,
    get health() {
      return health;
    },
    async begin(world, places) {
      const { clock, log, shared } = world;
      health = new Health({
        ...{ places, clock, log },
        client: (address) => watched().embedded.store(address),
        writeProbe: () => writeProbe(shared, now()),
      });
      totals = new RuleTotals(shared, rules, now);
      await totals.begin(rules);
    },
    statuses: () =>
      ruleStatuses(rules, {
        totals: async (rule) => await totals?.read(rule),
        backlogs: backlogs(),
        problem: (rule) => health?.troubleOf(rule),
      }),
    async keep(signal) {
      const { clock } = watched().embedded.world;
      const checking = health?.keep(signal);
      const canaries = keepCanaries(
        {
          ...{ client: (address) => watched().embedded.store(address), clock, log: watched().embedded.world.log },
          ended(rule, seconds) {
            const outcome = seconds === undefined ? 'lost' : 'arrived';
            metrics.count('ferry_rule_canaries_total', { rule, outcome });
            if (seconds !== undefined) metrics.observe('ferry_rule_canary_seconds', { rule }, seconds);
          },
        },
        rules,
        signal,
      );
      while (!signal.aborted) {
        await clock.sleep(flushMs, signal);
        await flush();
        // A store that does not answer fails no attempt for minutes.
        for (const [rule, { oldestAt }] of backlogs())
          if (oldestAt !== undefined && now() - oldestAt > waitedMs) health?.suspect(rule);
      }
      await Promise.all([checking, canaries]);
    },
  };
}

/** Large enough to need a page of its own: a full disk may have room for a few bytes. */
async function writeProbe(shared: World['shared'], now: number): Promise<void> {
  const found = await shared.get('probe');
  await shared.compareAndSet('probe', found, { at: now, filler: 'x'.repeat(8_192) }, now + 86_400_000);
}
