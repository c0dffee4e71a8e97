/**
 * Batches that go by a replication rule. This area does not know the rules: the runtime gives it a `RuleWork` that does, and the
 * batch does the rest (pages, results, pace, resume, cancel).
 */
import type { ObjectRef } from '../../copy/model/object.ts';
import type { Invocation, World } from '../../copy/model/ports.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import type { CopyResult, FidelityLoss } from '../../copy/model/result.ts';
import type { Entry, OpenSource, SourcePorts } from '../../sources/shared/source.ts';
import type { Status } from './tally.ts';

/**
 * - `replicate`: bring every destination of the rule to what its source holds now.
 * - `reconcile`: compare both sides of the rule, and repair what differs if asked to.
 */
export const ruleModes = ['replicate', 'reconcile'] as const;
export type RuleMode = (typeof ruleModes)[number];

export interface RuleRequest {
  name: string;
  /** Where its replicas go: for each destination the bucket, and how the keys begin. */
  destinations: ObjectRef[];
  /** Of `reconcile`: compare everything that HEAD and tags show, for every pair. */
  metadata?: boolean;
  /** Of `reconcile`: copy what is missing or different. */
  fix?: boolean;
  /** Of `reconcile` with `fix`: also remove replicas whose source is gone, as far as the rule follows deletes. */
  removeExtra?: boolean;
}

/** What a batch asks of its rule. */
export interface RuleBatch {
  /** Absent while there is no batch: a sample, a dry run. */
  id?: string;
  mode: RuleMode;
  rule: RuleRequest;
  /** The rules that the batch keeps, as `RuleWork.text` gave them. Absent: those of this process. */
  rules?(): Promise<string>;
}

/** What became of one object. */
export interface RuleFinding {
  status: Status;
  /** Of a copy. */
  result?: CopyResult;
  /** Of `reconcile`: what was wrong, whether it was repaired or not: `missing`, `different`, `extra` or `unproven`. */
  differences?: FidelityLoss[];
  /** Why nothing was written. */
  why?: string;
  error?: unknown;
}

/** Decides and does what a rule says; see `lib/runtime/shared/rule-work.ts`. */
export interface RuleWork {
  /** The rules of this process, for a batch to keep. */
  text(): string;
  /** @throws GiveUp BadRequest for an unknown rule. */
  open(batch: RuleBatch, list: SourcePorts['list']): Promise<OpenSource>;
  /**
   * Does to one object what the rule says.
   *
   * @param labels go with each copy.
   * @returns the id of a large object's job, or what became of the object.
   * @throws CopyError
   */
  work(
    world: World,
    batch: RuleBatch,
    entry: Entry,
    invocation: Invocation,
    labels: Record<string, string>,
  ): Promise<{ job: string } | RuleFinding>;
  /** The copy that an object asks for, for a dry run. */
  requestOf(batch: RuleBatch, entry: Entry): Promise<CopyRequest>;
}

export function isRuleMode(mode: string): mode is RuleMode {
  return (ruleModes as readonly string[]).includes(mode);
}
