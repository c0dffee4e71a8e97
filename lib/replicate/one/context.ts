import type { ObjectRef } from '../../copy/model/object.ts';
import type { CallOptions, Invocation, World } from '../../copy/model/ports.ts';
import type { CopyResult } from '../../copy/model/result.ts';
import type { RuleSet } from '../rules/rules.ts';
import type { ObjectEvent } from '../events/event.ts';
import type { Route } from '../rules/route.ts';

/** What every step of a replication has at hand. */
export interface Context {
  world: World;
  rules: RuleSet;
  invocation: Invocation;
  /** Go with each copy, beside those of its rule. */
  labels?: Record<string, string>;
  /** Copies only if the replica is not what it should be. */
  secondLook?: boolean;
  watch?: RuleWatch;
}

export type SkipReason =
  /** The source is not there (any more). */
  | 'source-gone'
  /** A removal that is no more: the source is there again. */
  | 'source-there'
  | 'filtered'
  /** What changed (tags, ACL, class, annotations) is nothing that the rule goes by. */
  | 'change-not-used'
  | 'superseded'
  /** Removals: the rule does not follow deletes, or not delete markers. */
  | 'deletes-off'
  | 'nothing-there'
  /** Removals: what stands at the destination is not provably our replica, or newer than the removal. */
  | 'not-ours'
  /** See decide.ts. */
  | 'same'
  | 'came-from-there'
  | 'rule-taken'
  | 'older'
  | 'edited-too-often';

/** What became of one object on one route. */
export type ReplicationOutcome = { rule: string; source: ObjectRef; destination: ObjectRef; effort?: Effort } & (
  | { action: 'copied'; result: CopyResult }
  | { action: 'started'; jobId: string }
  | { action: 'deleted' }
  | { action: 'skipped'; why: SkipReason }
);

/** What the work on one object took. */
export interface Effort {
  /** Sent to the store, retries included. */
  requests: number;
  /** Milliseconds. */
  ms: number;
}

/** The work of one event on one route. One of the two is called, once. */
export interface WatchedWork {
  /** Does the work: its store requests are counted. */
  world: World;
  ended(outcome: ReplicationOutcome): Effort;
  failed(error: unknown): void;
}

/** Hears of each event on each route that it concerns, and of what became of it. */
export interface RuleWatch {
  /** @param attempt 1 on the first delivery of the event */
  begin(world: World, route: Route, event: ObjectEvent, attempt: number): WatchedWork;
}

export function callOptions({ invocation }: Context): CallOptions {
  return { deadline: invocation.deadline };
}
