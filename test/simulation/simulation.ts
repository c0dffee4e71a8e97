/** One schedule: the real engine on a virtual clock, among model stores, a model queue and a hostile world. */
import type { Job } from '../../lib/copy/model/job.ts';
import { isFinal } from '../../lib/copy/model/job.ts';
import type { Invocation } from '../../lib/copy/model/ports.ts';
import type { CopyRequest } from '../../lib/copy/model/request.ts';
import type { Call } from './actor.ts';
import type { Actor } from './actor.ts';
import type { Fault, FiredFault } from './faults.ts';
import { Faults, isStrange } from './faults.ts';
import { atRest } from './invariants/at-rest.ts';
import { Watch } from './invariants/watch.ts';
import type { StoredObject } from './model/objects.ts';
import type { Errand } from './model/queue.ts';
import { ModelQueue } from './model/queue.ts';
import { ModelShared } from './model/shared.ts';
import { ModelState } from './model/state.ts';
import { ModelStore } from './model/store.ts';
import type { Random } from './random.ts';
import { random } from './random.ts';
import { eventOf } from './rules.ts';
import type { Scenario } from './scenario.ts';
import { drawScenario, sourceBucket } from './scenario.ts';
import { Scheduler } from './scheduler.ts';
import { Strangers } from './strangers.ts';
import { Workers } from './workers.ts';

export interface Violation {
  /** `I1` to `I8`, `cost`, `move` (an illegal state move or lease) or `error` (an exception outside the closed set). */
  invariant: string;
  message: string;
}

export interface Outcome {
  seed: number;
  violation?: Violation;
  steps: number;
  /** Virtual milliseconds. */
  elapsed: number;
  fired: readonly FiredFault[];
  trace: readonly string[];
  scenario: Scenario;
}

export interface RunOptions {
  trace?: boolean;
  /** Ids of faults that must not strike. */
  leftOut?: ReadonlySet<string>;
}

const start = Date.UTC(2026, 0, 1);
const mostSteps = 20_000;

export class Simulation {
  readonly random: Random;
  readonly scenario: Scenario;
  readonly scheduler = new Scheduler(start);
  readonly faults: Faults;
  readonly watch: Watch;
  readonly model: ModelStore;
  readonly table: ModelState;
  readonly shared: ModelShared;
  readonly queue: ModelQueue;
  readonly strangers: Strangers;
  readonly workers: Workers;
  readonly contentSizes = new Map<string, number>();
  readonly tracing: boolean;
  readonly trace: string[] = [];
  /** Calls that were sent and have not taken effect yet. */
  pending = 0;
  violation?: Violation;
  /** By then every caller has asked what it will ask; at least 10 s. */
  private readonly busyMs: number;
  private stormUntil = 0;
  private unseenUntil = 0;
  private events = 0;

  constructor(seed: number, options: RunOptions) {
    this.random = random(seed);
    this.tracing = options.trace ?? false;
    this.scenario = drawScenario(this.random.fork('scenario'));
    this.faults = new Faults(this.scenario.profile, options.leftOut ?? new Set());
    this.watch = new Watch(this);
    const clock = (): number => this.scheduler.now;
    this.model = new ModelStore(this.scenario.dialect, clock, this.watch);
    this.table = new ModelState(clock, this.watch);
    this.shared = new ModelShared(clock);
    this.workers = new Workers(this);
    this.queue = new ModelQueue({
      after: (delayMs, run) => this.scheduler.after(delayMs, run),
      random: this.random,
      duplicates: () => (this.isActive() ? this.scenario.duplicates : 0),
      lateMs: this.scenario.queueLateMs,
      deliver: (message) => this.workers.deliver(message),
    });
    this.strangers = new Strangers(this);
    this.busyMs = Math.max(10_000, ...(this.scenario.rules?.acts ?? []).map(({ at }) => at + 1));
  }

  async run(): Promise<void> {
    const { scheduler, scenario } = this;
    this.strangers.furnish();
    this.watch.begin();
    for (const [i, asked] of scenario.asked.entries()) {
      scheduler.after(asked.at, () => {
        if (asked.via === 'client') this.workers.client(asked, i);
        else this.queue.send([{ kind: 'copy', request: asked.request }], 0);
      });
    }
    const key = scenario.asked.find(({ request }) => request.mode === 'replicate')?.request.source.key ?? 'a';
    for (const { at, side, act } of scenario.rules?.acts ?? [])
      scheduler.after(at, () => this.strangers.own(side, act));
    for (const at of scenario.ownerWrites) scheduler.after(at, () => this.strangers.writeSource(key));
    scheduler.after(scenario.sweepEveryMs, () => this.workers.sweepRegularly());
    scheduler.after(scenario.activeMs, () => this.faults.stop());
    await scheduler.run(
      start + scenario.restMs,
      () => this.violation !== undefined || scheduler.steps > mostSteps || this.isAtRest(),
    );
    if (!this.violation) this.violation = atRest(this, this.isAtRest());
  }

  /** Nothing is on its way and no row asks for attention. */
  isAtRest(): boolean {
    if (this.pending > 0 || this.queue.waiting.size > 0 || this.workers.busy > 0) return false;
    if (this.scheduler.now < start + this.busyMs) return false;
    for (const row of this.table.rows.values()) if (!isFinal(row.state) || row.attentionAt !== undefined) return false;
    return true;
  }

  isActive(): boolean {
    return this.scheduler.now < start + this.scenario.activeMs;
  }

  /** Milliseconds since the start. */
  get elapsed(): number {
    return this.scheduler.now - start;
  }

  latency(from: Random): number {
    const dice = from.next();
    const share = from.next();
    if (dice < 0.9) return share * 20;
    if (dice < 0.985 || this.scenario.profile.weather === 'calm') return 20 + share * 400;
    return share * 4000;
  }

  violate(invariant: string, message: string): void {
    this.violation ??= { invariant, message };
    this.say('violation', `${invariant}: ${message}`);
  }

  say(who: string, text: string): void {
    if (this.tracing) this.trace.push(`${(this.elapsed / 1000).toFixed(3).padStart(9)}  ${who.padEnd(10)} ${text}`);
  }

  issued(actor: Actor, call: Call): void {
    this.watch.called(actor, call);
  }

  stormRefuses(call: Call, from: Random): boolean {
    return this.scheduler.now < this.stormUntil && call.port === 'store' && from.chance(0.7);
  }

  /** A server that does not know a fresh upload yet. */
  isUnseen(uploadId: string): boolean {
    const upload = this.model.uploads.get(uploadId);
    return (
      this.scheduler.now < this.unseenUntil && upload !== undefined && this.scheduler.now < upload.initiated + 5000
    );
  }

  /** What a fault does besides to the call it struck. */
  strike(fault: Fault, actor: Actor): void {
    if (isStrange(fault)) return this.strangers.act(fault, actor);
    if (fault === 'storm') this.stormUntil = this.scheduler.now + 3000 + actor.random.next() * 30_000;
    if (fault === 'unseen-upload') this.unseenUntil = this.scheduler.now + 3000;
    if (fault === 'duplicates')
      for (const message of [...this.queue.waiting.values()]) this.queue.duplicate(message, actor.random.next() * 2000);
    if (fault === 'queue-lost') this.queue.forget((task) => task.kind !== 'copy' && task.kind !== 'event');
    if (fault === 'extra-sweep') this.workers.sweepNow();
  }

  cancel(): void {
    const job = [...this.table.rows.values()].find((row) => !isFinal(row.state));
    if (job) this.workers.cancel(job.id);
  }

  /** Under rules every change sends an event, whichever actor made it. */
  announce(kind: 'created' | 'removed', object: StoredObject): void {
    const { rules, dialect } = this.scenario;
    if (!rules) return;
    const event = eventOf(kind, object, this.scheduler.now, dialect.facts.scheme);
    this.queue.send([{ kind: 'event', event }], 0);
  }

  /** An event for every write of a followed source. */
  sourceWritten(key: string): void {
    const object = this.model.peek({ bucket: sourceBucket, key });
    if (!object || this.scheduler.steps === 0) return;
    for (const { request } of this.scenario.asked) {
      if (request.mode !== 'replicate' || request.source.key !== key) continue;
      const seen = this.events++ % 2 === 0 ? { etag: object.etag, size: object.size } : undefined;
      this.queue.send([{ kind: 'copy', request: { ...request, idempotencyKey: undefined, seen } }], 0);
    }
  }

  /** The request that an invocation works for, when it is known. */
  requestOf(actor: Actor): Pick<CopyRequest, 'mode' | 'source' | 'destination' | 'options'> | undefined {
    if (actor.request) return actor.request;
    return actor.task ? this.requestOfTask(actor.task) : undefined;
  }

  jobOf(task: Errand): Job | undefined {
    return task.kind === 'parts' || task.kind === 'finish' ? this.table.rows.get(task.jobId) : undefined;
  }

  private requestOfTask(task: Errand): Pick<CopyRequest, 'mode' | 'source' | 'destination' | 'options'> | undefined {
    return task.kind === 'copy' ? task.request : this.jobOf(task);
  }

  invocation(actor: Actor, attempt: number): Invocation {
    return { id: actor.name, deadline: actor.now() + this.scenario.invocationMs, attempt };
  }
}

export async function simulate(seed: number, options: RunOptions = {}): Promise<Outcome> {
  const sim = new Simulation(seed, options);
  await sim.run();
  const { violation, scheduler, elapsed, faults, trace, scenario } = sim;
  return { seed, violation, steps: scheduler.steps, elapsed, fired: faults.fired, trace, scenario };
}
