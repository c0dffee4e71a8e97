/** A caller of ports: one invocation of a worker, a sweep, an API client. */
import { RetryLater } from '../../lib/copy/model/errors.ts';
import type { Job } from '../../lib/copy/model/job.ts';
import type { CopyRequest } from '../../lib/copy/model/request.ts';
import type { Fault } from './faults.ts';
import { isStrange } from './faults.ts';
import { Memory } from './memory.ts';
import type { Errand } from './model/queue.ts';
import type { Random } from './random.ts';
import type { Simulation } from './simulation.ts';

/** An effect in two instants: what `apply` returned was read first, `finish` writes it. */
export class Commit<T> {
  readonly finish: () => T;
  constructor(finish: () => T) {
    this.finish = finish;
  }
}

export interface Call {
  port: 'store' | 'state' | 'queue';
  name: string;
  /** For the trace. */
  about: string;
  /** On the caller's clock. */
  deadline?: number;
  /** Told when the request leaves the caller. */
  sent?: () => void;
}

export class Actor {
  readonly name: string;
  readonly random: Random;
  readonly memory = new Memory();
  /** Difference between this machine's clock and the true one, milliseconds. */
  readonly skew: number;
  task?: Errand;
  request?: CopyRequest;
  alive = true;
  onDeath: () => void = () => {};
  private calls = 0;
  private stalledUntil = 0;
  private readonly sim: Simulation;

  constructor(sim: Simulation, name: string) {
    this.sim = sim;
    this.name = name;
    sim.watch.bornAfter.set(name, sim.watch.writes.length);
    this.random = sim.random.fork(name);
    this.skew = sim.scenario.skewMs === 0 ? 0 : Math.round((this.random.next() - 0.5) * 2 * sim.scenario.skewMs);
  }

  /** This machine's clock, whole milliseconds. */
  now(): number {
    return Math.floor(this.sim.scheduler.now) + this.skew;
  }

  die(why: string): void {
    if (!this.alive) return;
    this.alive = false;
    this.sim.say(this.name, `dies (${why})`);
    this.onDeath();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.sim.scheduler.after(ms, () => this.answer(resolve));
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /**
   * One call of a port: `apply` runs at some later instant, its result arrives at another, and faults strike in between.
   * A dead caller's promise stays open for ever.
   */
  call<T>(call: Call, apply: () => T | Commit<T>): Promise<T> {
    const { sim, random } = this;
    return new Promise<T>((resolve, reject) => {
      if (!this.alive) return;
      if (call.deadline !== undefined && call.deadline <= this.now()) {
        sim.say(this.name, `${call.name} ${call.about} comes too late and is not sent`);
        return this.answer(() => reject(new RetryLater(`no time left for ${call.name}`)));
      }
      call.sent?.();
      const number = ++this.calls;
      sim.issued(this, call);
      const latency = sim.latency(random);
      const commit = sim.latency(random);
      const fault = sim.stormRefuses(call, random)
        ? 'throttled'
        : sim.faults.draw(random, this.name, call.name, number, sim.scheduler.now);
      if (fault) sim.say(this.name, `${call.name} ${call.about}: ${fault.toUpperCase()}`);
      if (fault === 'crash-before') return this.die('before the call');
      const answered = this.waiter(call, resolve, reject, fault);
      const late = this.lateness(fault);
      const stalled = fault === 'stall' ? 5000 + random.next() * sim.scenario.stallMs : 0;
      if (fault === 'stall') this.stalledUntil = Math.max(this.stalledUntil, sim.scheduler.now + stalled);
      // Strangers act before a request takes effect, right after, or between its two instants.
      const between = fault !== undefined && isStrange(fault) && random.chance(0.5);
      if (fault && !between) sim.strike(fault, this);
      sim.pending++;
      const lateBefore = random.chance(0.5) ? late : 0;
      sim.scheduler.after(latency + lateBefore, () => {
        this.takeEffect(call, apply, fault, commit + late - lateBefore, between, answered);
      });
      if (fault === 'late-effect') sim.scheduler.after(latency + 500, () => answered.fail(unanswered(call)));
    });
  }

  private takeEffect<T>(
    call: Call,
    apply: () => T | Commit<T>,
    fault: Fault | undefined,
    commitMs: number,
    between: boolean,
    waiter: Waiter<T>,
  ): void {
    const { sim } = this;
    const refusal = refusalOf(call, fault, this.random);
    if (refusal) {
      sim.pending--;
      return waiter.fail(refusal);
    }
    if (fault === 'echo' && repeatable.has(call.name)) this.echo(call, apply);
    let result: T | Commit<T>;
    try {
      if (fault === 'sent-twice' && call.port === 'state') apply();
      result = apply();
    } catch (error) {
      sim.pending--;
      return waiter.fail(error);
    }
    if (between && fault) sim.strike(fault, this);
    if (!(result instanceof Commit)) {
      sim.pending--;
      return waiter.done(result);
    }
    const { finish } = result;
    sim.scheduler.after(between ? commitMs + this.random.next() * 4000 : commitMs, () => {
      sim.pending--;
      let written: T;
      const earlier = sim.watch.writes.length;
      try {
        written = finish();
      } catch (error) {
        return waiter.fail(error);
      }
      if (!waiter.isOpen()) for (const object of sim.watch.writes.slice(earlier)) sim.watch.lateWrites.add(object);
      waiter.done(written);
    });
  }

  /** Milliseconds by which a fault keeps a request on its way: seconds, or all that the schedule allows. */
  private lateness(fault: Fault | undefined): number {
    if (fault !== 'late-effect' && fault !== 'slow') return 0;
    const dice = this.random.next();
    const share = this.random.next();
    return 500 + share * (dice < 0.4 ? 6000 : this.sim.scenario.lateMs);
  }

  /** The effect of a request that the adapter has repeated since. */
  private echo<T>(call: Call, apply: () => T | Commit<T>): void {
    const { sim } = this;
    sim.pending++;
    sim.scheduler.after(this.random.next() * sim.scenario.lateMs, () => {
      sim.pending--;
      sim.say(this.name, `${call.name} ${call.about} takes effect once more`);
      try {
        const result = apply();
        if (result instanceof Commit) result.finish();
      } catch (error) {
        sim.say(this.name, `${call.name} ${call.about} -> ${String(error)} (no caller waits)`);
      }
    });
  }

  /** Delivers one answer, once, to a caller that lives; at its deadline it stops waiting. */
  private waiter<T>(
    call: Call,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
    fault: Fault | undefined,
  ): Waiter<T> {
    const { sim } = this;
    let open = true;
    const fail = (error: unknown): void => {
      if (!open) return;
      if (fault === 'crash-after') return this.die('after the call');
      open = false;
      if (sim.tracing) sim.say(this.name, `${call.name} ${call.about} -> ${String(error)}`);
      this.answer(() => reject(error));
    };
    const done = (value: T): void => {
      if (sim.tracing)
        sim.say(this.name, `${call.name} ${call.about} -> ${brief(value)}${open ? '' : ' (no caller waits)'}`);
      if (!open) return;
      if (fault === 'crash-after') return this.die('after the call');
      if (fault === 'lost-answer') return fail(unanswered(call));
      open = false;
      this.answer(() => resolve(value));
    };
    if (call.deadline !== undefined && Number.isFinite(call.deadline)) {
      sim.scheduler.after(call.deadline - this.now(), () => fail(unanswered(call)));
    }
    return { done, fail, isOpen: () => open };
  }

  private answer(deliver: () => void): void {
    if (!this.alive) return;
    const wait = this.stalledUntil - this.sim.scheduler.now;
    if (wait > 0) this.sim.scheduler.after(wait, () => this.answer(deliver));
    else {
      this.sim.scheduler.woken = true;
      deliver();
    }
  }
}

/** Calls that an adapter repeats by itself when no answer came. CopyObject it must not: it may undo a newer copy. */
const repeatable = new Set(['UploadPartCopy', 'AbortMultipartUpload', 'PutObjectTagging', 'PutObjectAcl', 'count']);

interface Waiter<T> {
  done(value: T): void;
  fail(error: unknown): void;
  /** Whether the caller still waits for the answer. */
  isOpen(): boolean;
}

function unanswered(call: Call): RetryLater {
  return new RetryLater(`no answer to ${call.name}`, { effect: 'unknown', answer: { operation: call.name } });
}

function refusalOf(call: Call, fault: Fault | undefined, random: Random): Error | undefined {
  const answer = { operation: call.name, status: 503 };
  if (fault === 'refused') return new RetryLater(`${call.name} failed inside the server`, { answer });
  if (fault === 'throttled')
    return new RetryLater(`${call.name}: slow down`, { answer, throttled: true, delayMs: random.below(5000) });
  if (fault === 'never-arrived') return unanswered(call);
  return undefined;
}

function brief(value: unknown): string {
  const text = JSON.stringify(value, (_name, field: unknown) => (isRow(field) ? sketch(field) : field)) ?? 'ok';
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}

function isRow(value: unknown): value is Job {
  return typeof value === 'object' && value !== null && 'revision' in value && 'state' in value;
}

/** Of a row, what changes. */
function sketch({ state, revision, uploadId, partsDone, lease, intents }: Job): string {
  const holder = lease ? ` held by ${lease.holder}` : '';
  return `${state} r${revision} ${uploadId ?? 'no upload'} counter ${partsDone}${holder} intents ${intents?.length ?? 0}`;
}
