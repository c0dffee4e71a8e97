/** One schedule of one batch: the real workers on a virtual clock, with crashes, lost answers, duplicates and sweeps. */
import type { BatchInput } from '../../../lib/batch/index.ts';
import { cancelBatch, createBatch, pauseBatch, resumeBatch, sweepBatches } from '../../../lib/batch/index.ts';
import { batchRow } from '../../../lib/batch/rows/batch-row.ts';
import { workOnBatches } from '../../../lib/batch/run-task.ts';
import { RetryLater } from '../../../lib/copy/model/errors.ts';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import { isFinal } from '../../../lib/copy/model/job.ts';
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import type { CopyObjectCall, Invocation } from '../../../lib/copy/model/ports.ts';
import { defaultSettings } from '../../../lib/copy/model/settings.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import { noRules } from '../../../lib/replicate/rules/rules.ts';
import { runTask } from '../../../lib/runtime/shared/run-task.ts';
import { sweep } from '../../../lib/copy/sweep.ts';
import { noLog } from '../../../lib/log.ts';
import type { Message } from '../model/queue.ts';
import { ModelQueue } from '../model/queue.ts';
import { ModelShared } from '../model/shared.ts';
import { ModelState } from '../model/state.ts';
import type { Random } from '../random.ts';
import { random } from '../random.ts';
import { Scheduler } from '../scheduler.ts';
import type { Fault, Weather } from './caller.ts';
import { Caller, drawWeather } from './caller.ts';
import { worldOf } from './ports.ts';
import type { BatchScenario } from './scenario.ts';
import { drawBatch } from './scenario.ts';
import type { Stored } from './store.ts';
import { SmallStore } from './store.ts';

const MiB = 1024 * 1024;
const second = 1000;
const minute = 60 * second;
const start = Date.UTC(2026, 0, 1);
const visibilityMs = 40 * second;
const activeMs = 3 * minute;
const restMs = 90 * minute;

export class BatchSimulation {
  readonly random: Random;
  readonly scheduler = new Scheduler(start);
  readonly store = new SmallStore(() => this.scheduler.now);
  readonly files = new Map<string, string>();
  readonly table = new ModelState(() => this.scheduler.now, { created() {}, moved() {}, expired() {} });
  readonly shared = new ModelShared(() => this.scheduler.now);
  readonly queue: ModelQueue;
  readonly log = noLog;
  readonly scenario: BatchScenario;
  readonly settings = {
    ...defaultSettings,
    directMax: 24 * MiB,
    directOtherBucketMax: 24 * MiB,
    partSizeMin: 8 * MiB,
    partSizeMax: 16 * MiB,
    staleMs: 30 * second,
    leaseMs: 15 * second,
    partReserveMs: 3 * second,
    orphanGraceMs: 4 * minute,
    batchCheckRows: 5,
  };
  readonly violations: string[] = [];
  readonly fired: Fault[] = [];
  readonly trace: string[] = [];
  readonly seed: number;
  readonly tracing: boolean;
  /** The batch, once it was created. */
  id: string | undefined;
  isCancelled = false;
  #weather: Weather | undefined;
  #callers = 0;
  readonly #atWork = new Set<Caller>();
  /** What each invocation of a page works on. */
  readonly #pages = new Map<string, { page: string; wasFinished: boolean }>();

  constructor(seed: number, tracing = false) {
    this.seed = seed;
    this.tracing = tracing;
    this.random = random(seed);
    this.#weather = drawWeather(this.random.fork('weather'));
    this.scenario = drawBatch(this.random.fork('batch'), this.store);
    const duplicates = this.random.pick([0, 0.1, 0.4]);
    this.queue = new ModelQueue({
      after: (ms, run) => this.scheduler.after(ms, run),
      random: this.random,
      duplicates: () => (this.#weather ? duplicates : 0),
      lateMs: this.random.pick([5, 60]) * second,
      deliver: (message) => this.#deliver(message),
    });
  }

  async run(): Promise<this> {
    const { scheduler, random: dice } = this;
    this.#create();
    const sweepOn = (): void => {
      this.#by('sweep', async (caller) => {
        const world = worldOf(this, caller);
        await sweep(world, this.#invocation(caller, 1));
        await sweepBatches(world, this.#invocation(caller, 1));
      });
      scheduler.after(20 * second, sweepOn);
    };
    scheduler.after(20 * second, sweepOn);
    scheduler.after(activeMs, () => (this.#weather = undefined));
    const at = (share: number): number => dice.next() * share;
    if (dice.chance(0.2)) this.#control(at(20 * second), 'pause', (world, id) => pauseBatch(world, id));
    if (dice.chance(0.3)) this.#control(at(60 * second), 'resume', (world, id) => resumeBatch(world, id));
    if (this.scenario.cancels) this.#control(at(10 * second), 'cancel', (world, id) => cancelBatch(world, id));
    if (dice.chance(0.3)) scheduler.after(at(minute), () => this.queue.forget((task) => task.kind !== 'event'));
    // The caller that paused it resumes it in the end.
    this.#control(activeMs + minute, 'resume', (world, id) => resumeBatch(world, id));
    await scheduler.run(start + restMs, () => this.violations.length > 0 || this.#isAtRest());
    return this;
  }

  #create(attempt = 1): void {
    this.#by(`create${attempt}`, async (caller) => {
      const made = await createBatch(worldOf(this, caller), this.scenario.input as BatchInput);
      this.id = made.id;
    });
    this.scheduler.after(30 * second, () => {
      if (!this.id) this.#create(attempt + 1);
    });
  }

  #control(ms: number, name: string, act: (world: ReturnType<typeof worldOf>, id: string) => Promise<unknown>): void {
    this.scheduler.after(ms, () => {
      const { id } = this;
      if (!id) return;
      this.#by(name, async (caller) => {
        await act(worldOf(this, caller), id);
      });
    });
  }

  #isAtRest(): boolean {
    // A queue that was lost holds no message of a worker that is in the middle of one.
    if ([...this.#atWork].some(({ alive }) => alive)) return false;
    const row = this.id === undefined ? undefined : this.table.get(this.id);
    if (!row || !isFinal(row.state) || !batchRow(row)?.summed || this.queue.waiting.size > 0) return false;
    return [...this.table.rows.values()].every((job) => isFinal(job.state) && job.attentionAt === undefined);
  }

  #caller(name: string): Caller {
    const own = `${name}#${++this.#callers}`;
    return new Caller(
      own,
      this.random.fork(own),
      this.scheduler,
      () => this.#weather,
      (line) => this.say(line),
      (fault) => this.fired.push(fault),
    );
  }

  #by(name: string, act: (caller: Caller) => Promise<void>): void {
    const caller = this.#caller(name);
    void act(caller).catch((error: unknown) => this.#judge(caller, error));
    this.scheduler.woken = true;
  }

  #judge(caller: Caller, error: unknown): void {
    this.say(`${caller.name} ends: ${String(error)}`);
    if (error instanceof RetryLater || error instanceof GiveUp) return;
    this.violations.push(`${caller.name} threw ${error instanceof Error ? error.stack : String(error)}`);
  }

  #invocation(caller: Caller, attempt: number): Invocation {
    return { id: caller.name, deadline: caller.now() + this.scenario.invocationMs, attempt };
  }

  #deliver(message: Message): void {
    const delivery = message.deliveries;
    const task = message.task as Task;
    const caller = this.#caller(message.id);
    this.say(`${caller.name} takes ${JSON.stringify(task)}`);
    if (task.kind === 'page') {
      const wasFinished = this.files.has(`${task.batchId}/results/${task.page}.jsonl`);
      this.#pages.set(caller.name, { page: task.page, wasFinished });
    }
    this.scheduler.after(visibilityMs, () => {
      if (!message.done && message.deliveries === delivery) this.queue.deliverAfter(message, 0);
    });
    const world = worldOf(this, caller);
    const invocation = this.#invocation(caller, delivery);
    const doing =
      'batchId' in task ? workOnBatches(world, task, invocation) : runTask(world, noRules, undefined, task, invocation);
    this.#atWork.add(caller);
    void doing.then(
      () => {
        this.#atWork.delete(caller);
        this.queue.acknowledge(message);
      },
      (error: unknown) => {
        this.#atWork.delete(caller);
        this.#judge(caller, error);
        if (!(error instanceof RetryLater)) return this.queue.acknowledge(message);
        // As a dead-letter queue has it: afterwards only the sweep helps.
        if (delivery >= 5) return this.queue.acknowledge(message);
        this.queue.deliverAfter(message, Math.max(error.delayMs, 200 * 2 ** delivery));
      },
    );
  }

  /** A page that has its result is not copied again. */
  copyAsked({ destination }: CopyObjectCall, caller: Caller): void {
    const page = this.#pages.get(caller.name);
    if (page?.wasFinished)
      this.violations.push(`${caller.name} copies ${destination.key} of finished page ${page.page}`);
  }

  /** Only a rename deletes, and only what is safe at its destination. */
  remove(ref: ObjectRef, ifMatch: string | undefined): void {
    const object: Stored = this.store.find(ref);
    if (ifMatch !== undefined && object.content !== ifMatch) throw new GiveUp('NotFound', 'another version');
    const there = this.store.peek(this.scenario.destinationOf(ref));
    if (this.scenario.input.mode !== 'rename' || there?.content !== object.content || there.size !== object.size)
      this.violations.push(`${ref.key} is deleted although its copy is ${JSON.stringify(there)}`);
    this.store.objects.delete(`${ref.bucket}/${ref.key}`);
  }

  say(line: string): void {
    if (this.tracing) this.trace.push(`${((this.scheduler.now - start) / 1000).toFixed(3).padStart(9)} ${line}`);
  }
}
