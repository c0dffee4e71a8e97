/** What rules have done since they were first seen, kept in shared records: `ferry status --rules` reads them, and a restart goes on. */
import type { Log, SharedRecords } from '../../copy/model/ports.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';
import type { FigureSink } from './sink.ts';

export interface Totals {
  /** When counting began, epoch milliseconds. */
  since: number;
  events: number;
  replicated: number;
  deleted: number;
  /** By reason. */
  skipped: Record<string, number>;
  /** Attempts, by code. */
  failed: Record<string, number>;
  bytes: number;
  requests: number;
  /** Seconds, over the last replicas of the process that wrote last. */
  lag?: Lag;
  lastSuccessAt?: number;
}

export interface Lag {
  p50: number;
  p95: number;
  p99: number;
  /** Replicas that were measured. */
  of: number;
}

/** Lags that quantiles are taken of. */
const mostLags = 1_000;

/** A record lives on while its rule is in use. */
const keepMs = 400 * 86_400_000;

/** Other processes may write the same record meanwhile. */
const attempts = 5;

const idOf = (rule: string) => `rule/${rule}`;
const rulesId = 'rules';

interface Pending {
  delta: Omit<Totals, 'since'>;
  isDirty: boolean;
  lags: number[];
}

const nothing = (): Pending['delta'] => ({
  ...{ events: 0, replicated: 0, deleted: 0, bytes: 0, requests: 0 },
  skipped: {},
  failed: {},
});

/** Counts in memory, and adds to the records when asked: a process that is killed takes the last seconds with it. */
export class RuleTotals {
  readonly #shared: SharedRecords;
  readonly #now: () => number;
  readonly #pending = new Map<string, Pending>();
  readonly #lastSuccess = new Map<string, number>();

  constructor(shared: SharedRecords, rules: RuleSet, now: () => number) {
    this.#shared = shared;
    this.#now = now;
    for (const { rule } of rules.routes) this.#pending.set(rule, { delta: nothing(), isDirty: false, lags: [] });
  }

  readonly sink: FigureSink = {
    seen: (rule) => this.#add(rule, ({ delta }) => (delta.events += 1)),
    replicated: (rule, { action, bytes, lagSeconds, at }) => {
      this.#lastSuccess.set(rule, at);
      this.#add(rule, ({ delta, lags }) => {
        if (action === 'deleted') delta.deleted += 1;
        else delta.replicated += 1;
        delta.bytes += bytes;
        delta.lastSuccessAt = at;
        if (lagSeconds === undefined) return;
        if (lags.push(lagSeconds) > mostLags) lags.shift();
      });
    },
    skipped: (rule, why) => this.#add(rule, ({ delta }) => bump(delta.skipped, why, 1)),
    failed: (rule, code) => this.#add(rule, ({ delta }) => bump(delta.failed, code, 1)),
    requested: (rule, requests) => this.#add(rule, ({ delta }) => (delta.requests += requests)),
  };

  /** Of each rule that ever succeeded, epoch milliseconds. */
  get lastSuccess(): ReadonlyMap<string, number> {
    return this.#lastSuccess;
  }

  /** Takes up what former processes have kept, and keeps the rules themselves for those that only look. */
  async begin(rules: RuleSet): Promise<void> {
    for (const rule of this.#pending.keys()) {
      const { lastSuccessAt } = (await readTotals(this.#shared, rule)) ?? {};
      if (lastSuccessAt !== undefined) this.#lastSuccess.set(rule, lastSuccessAt);
    }
    const { written } = rules;
    if (!written) return;
    const found = await this.#shared.get(rulesId);
    if (JSON.stringify(found?.value) === JSON.stringify(written)) return;
    await this.#shared.compareAndSet(rulesId, found, written, this.#now() + keepMs);
  }

  /** Of one rule, with what is not in the records yet. */
  async read(rule: string): Promise<Totals> {
    const kept = await readTotals(this.#shared, rule);
    const pending = this.#pending.get(rule);
    const now = this.#now();
    return pending ? merged(kept, pending, now) : (kept ?? noTotals(now));
  }

  /** Adds what was counted since to the records. What cannot be written is kept for the next time. */
  async flush(log: Log): Promise<void> {
    for (const [rule, pending] of this.#pending) {
      if (!pending.isDirty) continue;
      const taken: Pending = { ...pending, delta: pending.delta };
      pending.delta = nothing();
      pending.isDirty = false;
      try {
        await this.#write(rule, taken);
      } catch (error) {
        pending.delta = sum(pending.delta, taken.delta);
        pending.isDirty = true;
        log.error('the figures of a rule cannot be kept', { rule, error: String(error) });
        return;
      }
    }
  }

  async #write(rule: string, taken: Pending): Promise<void> {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const now = this.#now();
      const found = await this.#shared.get(idOf(rule));
      const value = merged(found?.value as Totals | undefined, taken, now);
      if (await this.#shared.compareAndSet(idOf(rule), found, value, now + keepMs)) return;
    }
    throw new Error(`other processes wrote the same record ${attempts} times`);
  }

  #add(rule: string, change: (pending: Pending) => void): void {
    const pending = this.#pending.get(rule);
    if (!pending) return;
    change(pending);
    pending.isDirty = true;
  }
}

/** Of a rule that has done nothing yet. */
export function noTotals(since: number): Totals {
  return { since, ...nothing() };
}

/** Of one rule, as they were kept last. */
export async function readTotals(shared: SharedRecords, rule: string): Promise<Totals | undefined> {
  return (await shared.get(idOf(rule)))?.value as Totals | undefined;
}

/** The rules of the `ferry serve` that started last on this state, as `loadRules` reads them; undefined: none has. */
export async function keptRules(shared: SharedRecords): Promise<object | undefined> {
  return (await shared.get(rulesId))?.value;
}

function merged(kept: Totals | undefined, { delta, lags }: Pending, now: number): Totals {
  const { since, ...before }: Totals = kept ?? noTotals(now);
  const lag = lagOf(lags) ?? before.lag;
  return { since, ...sum(before, delta), ...(lag && { lag }) };
}

function sum(a: Pending['delta'], b: Pending['delta']): Pending['delta'] {
  const lastSuccessAt = Math.max(a.lastSuccessAt ?? 0, b.lastSuccessAt ?? 0);
  return {
    events: a.events + b.events,
    replicated: a.replicated + b.replicated,
    deleted: a.deleted + b.deleted,
    bytes: a.bytes + b.bytes,
    requests: a.requests + b.requests,
    skipped: sumEach(a.skipped, b.skipped),
    failed: sumEach(a.failed, b.failed),
    ...(lastSuccessAt > 0 && { lastSuccessAt }),
  };
}

function sumEach(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const all = { ...a };
  for (const [name, count] of Object.entries(b)) bump(all, name, count);
  return all;
}

function bump(counts: Record<string, number>, name: string, by: number): void {
  counts[name] = (counts[name] ?? 0) + by;
}

/** Nearest-rank quantiles. */
function lagOf(lags: readonly number[]): Lag | undefined {
  if (lags.length === 0) return undefined;
  const sorted = [...lags].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), of: sorted.length };
}
