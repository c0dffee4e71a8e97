/** What is still to be done for each rule, as the state file tells: kept events that concern it, and jobs under way. */
import type { ObjectEvent } from '../../replicate/events/event.ts';
import { routesFrom, type RuleSet } from '../../replicate/rules/rules.ts';

export interface Backlog {
  /** Objects, once for each destination. */
  objects: number;
  /** When the oldest of them was written, epoch milliseconds. */
  oldestAt?: number;
  /** Events among the dead letters. */
  dead: number;
}

/** Where backlogs are read. */
export interface BacklogSource {
  events: { peek(limit: number, which: 'open' | 'dead'): { task: { kind: string }; sentAt: number }[] };
  jobs(): { rule: string; jobs: number; oldestAt: number }[];
}

/**
 * Notifications that are read for one answer, the oldest first, and of large ones fewer (`DurableQueue.peek`): behind those the
 * backlog counts too little. `ferry_events_open` tells how many there are in all.
 */
const mostRead = 5_000;

/** @returns one entry for each rule */
export function backlogOf({ events, jobs }: BacklogSource, rules: RuleSet): Map<string, Backlog> {
  const found = new Map<string, Backlog>(rules.routes.map(({ rule }) => [rule, { objects: 0, dead: 0 }]));
  for (const { task, sentAt } of events.peek(mostRead, 'open')) {
    for (const event of eventsIn(task)) {
      for (const { rule } of routesFrom(rules, event.bucket, event.key))
        add(found.get(rule), 1, event.at > 0 ? event.at : sentAt);
    }
  }
  for (const { task } of events.peek(mostRead, 'dead')) {
    for (const event of eventsIn(task)) {
      for (const { rule } of routesFrom(rules, event.bucket, event.key)) {
        const its = found.get(rule);
        if (its) its.dead += 1;
      }
    }
  }
  for (const { rule, jobs: count, oldestAt } of jobs()) add(found.get(rule.replace(/#\d+$/, '')), count, oldestAt);
  return found;
}

/** A text that no store is known to send concerns no rule. */
function eventsIn(task: object): readonly ObjectEvent[] {
  return (task as { events?: ObjectEvent[] }).events ?? [];
}

function add(backlog: Backlog | undefined, objects: number, at: number): void {
  if (!backlog) return;
  backlog.objects += objects;
  backlog.oldestAt = Math.min(backlog.oldestAt ?? Infinity, at);
}

/** The same answer for a moment: several gauges are read at once, and each would read the state again. */
export function forAMoment<Value>(read: () => Value, now: () => number, momentMs: number): () => Value {
  let kept: { value: Value; until: number } | undefined;
  return () => {
    if (!kept || kept.until <= now()) kept = { value: read(), until: now() + momentMs };
    return kept.value;
  };
}
