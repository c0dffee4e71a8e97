import { CopyError, GiveUp, RetryLater } from '../copy/model/errors.ts';
import type { Clock, Invocation, Log, LogFields } from '../copy/model/ports.ts';
import type { Task } from '../copy/model/task.ts';
import { backoff } from './backoff.ts';
import type { Delivery, Inbox } from './inbox.ts';

export interface WorkerPoolOptions<Message extends object = Task> {
  inbox: Inbox<Message>;
  /** Does one task. `RetryLater` and unforeseen errors bring it back; any other `CopyError` means it is over. */
  handle(task: Message, invocation: Invocation): Promise<void>;
  clock: Clock;
  random(): number;
  log: Log;
  /** Work in flight, in the units of `weigh`; asked each time, for it may change. */
  capacity(): number;
  /** What a task adds to the work in flight; 1 when absent. */
  weigh?(task: Message): number;
  /** Tasks that are always let in, however heavy: the next one's calls then fill the gaps at the end of the one before. */
  minTasks?: number;
  /** Deliveries of one task. */
  maxAttempts: number;
  /** How long one invocation may run, milliseconds. */
  invocationMs: number;
  /** Starts the ids of invocations: names this process. */
  holder: string;
  /** How often the pool polls the inbox without a signal; for inboxes that other processes fill too. */
  pollMs?: number;
  /** After each delivery, with the error it ended in; not awaited. */
  onSettled?(task: Message, error: unknown): void;
}

interface Running<Message> {
  delivery: Delivery<Message>;
  invocation: Invocation;
  weight: number;
  ended: Promise<void>;
}

/** After an inbox failed. */
const troubleMs = 1_000;

/**
 * Takes tasks from an inbox and runs a bounded number at a time. A failing handler never stops the pool: its task comes
 * back later, or is buried once it had all its deliveries.
 */
export class WorkerPool<Message extends object = Task> {
  readonly #options: WorkerPoolOptions<Message>;
  readonly #running = new Set<Running<Message>>();
  #load = 0;
  #invocations = 0;
  #stopped = false;
  #taking: Promise<void> | undefined;
  #wokenMeanwhile = false;
  #nap: AbortController | undefined;
  #idleWaiters: (() => void)[] = [];

  constructor(options: WorkerPoolOptions<Message>) {
    this.#options = options;
  }

  /** Says that there may be something to take. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#taking) {
      this.#wokenMeanwhile = true;
      return;
    }
    this.#nap?.abort();
    this.#taking = this.#take().finally(() => {
      this.#taking = undefined;
      if (this.#wokenMeanwhile) {
        this.#wokenMeanwhile = false;
        this.wake();
      }
    });
  }

  /** Takes what fits, then sleeps until the next task is ready. Never throws. */
  async #take(): Promise<void> {
    const { inbox, clock, log, pollMs = Infinity } = this.#options;
    let wait = troubleMs;
    try {
      for (let limit = this.#room(); limit > 0 && !this.#stopped; limit = this.#room()) {
        const deliveries = await inbox.receive(limit, this.#options.invocationMs);
        if (deliveries.length === 0) break;
        for (const delivery of deliveries) this.#start(delivery);
      }
      const nextAt = await inbox.nextAt();
      // At capacity: the next task to finish wakes the pool.
      wait =
        this.#room() > 0
          ? Math.min(nextAt === undefined ? Infinity : Math.max(0, nextAt - clock.now()), pollMs)
          : Infinity;
      if (nextAt === undefined && this.#running.size === 0) this.#tellIdle();
    } catch (error) {
      log.error('the inbox cannot be read', { error: messageOf(error) });
    }
    if (wait === Infinity || this.#stopped) return;
    const nap = new AbortController();
    this.#nap = nap;
    void clock.sleep(wait, nap.signal).then(() => {
      if (!nap.signal.aborted) this.wake();
    });
  }

  /** How many tasks may be taken now. */
  #room(): number {
    const { capacity, weigh, minTasks = 1 } = this.#options;
    if (!weigh) return capacity() - this.#load;
    // The weight of a task shows only when it is here.
    return this.#load < capacity() || this.#running.size < minTasks ? 1 : 0;
  }

  #start(delivery: Delivery<Message>): void {
    const { clock, holder, invocationMs, weigh } = this.#options;
    const invocation: Invocation = {
      id: `${holder}/${++this.#invocations}`,
      deadline: clock.now() + invocationMs,
      attempt: delivery.attempt,
    };
    const weight = weigh?.(delivery.task) ?? 1;
    const running: Running<Message> = { delivery, invocation, weight, ended: Promise.resolve() };
    this.#load += weight;
    this.#running.add(running);
    running.ended = this.#run(delivery, invocation).then(() => {
      this.#load -= weight;
      this.#running.delete(running);
      this.wake();
      if (this.#stopped && this.#running.size === 0) this.#tellIdle();
    });
  }

  /** Never throws. */
  async #run(delivery: Delivery<Message>, invocation: Invocation): Promise<void> {
    let failure: unknown;
    try {
      await this.#options.handle(delivery.task, invocation);
    } catch (error) {
      failure = error ?? new Error('nothing was thrown as an error');
    }
    try {
      await this.#settle(delivery, failure);
    } catch (error) {
      // The lease runs out and the task comes again.
      this.#options.log.error('a task cannot be settled', { ...fieldsOf(delivery), error: messageOf(error) });
    }
    try {
      this.#options.onSettled?.(delivery.task, failure);
    } catch (error) {
      this.#options.log.error('a listener failed', { ...fieldsOf(delivery), error: messageOf(error) });
    }
  }

  async #settle(delivery: Delivery<Message>, failure: unknown): Promise<void> {
    const { inbox, log, maxAttempts, random } = this.#options;
    const fields = { ...fieldsOf(delivery), error: messageOf(failure) };
    if (failure === undefined) return inbox.ack(delivery);
    if (failure instanceof CopyError && !(failure instanceof RetryLater)) {
      if (!(failure instanceof GiveUp)) {
        log.info('task superseded', fields);
        return inbox.ack(delivery);
      }
      log.warn('a task was given up', fields);
      return inbox.bury(delivery, messageOf(failure));
    }
    if (delivery.attempt >= maxAttempts) {
      log.error('a task failed for the last time', fields);
      return inbox.bury(delivery, messageOf(failure));
    }
    const asked = failure instanceof RetryLater ? failure.delayMs : 0;
    const delayMs = asked + backoff(delivery.attempt, random);
    if (failure instanceof RetryLater) {
      // A store that fails is to be seen, and while it is away for an hour not a thousand times for each task.
      const isNews = failure.answer !== undefined && Number.isInteger(Math.log2(delivery.attempt));
      log[isNews ? 'warn' : 'debug']('a task will be tried again', { ...fields, delayMs });
    } else
      log.error('a task failed unexpectedly', {
        ...fields,
        delayMs,
        stack: failure instanceof Error ? failure.stack : undefined,
      });
    return inbox.retry(delivery, delayMs);
  }

  /** Whether a running task meets the condition. */
  some(condition: (task: Message) => boolean): boolean {
    for (const { delivery } of this.#running) if (condition(delivery.task)) return true;
    return false;
  }

  /** Resolves when nothing runs and nothing waits, not even for its time. */
  async idle(): Promise<void> {
    const told = new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
    if (this.#stopped && this.#running.size === 0) this.#tellIdle();
    this.wake();
    return told;
  }

  #tellIdle(): void {
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /**
   * Gives running tasks that meet the condition `graceMs` to end: their deadline is moved up, so that the engine begins no
   * further part. Resolves when they have ended or the time is over; true when they have ended.
   */
  async hurry(graceMs: number, condition: (task: Message) => boolean = () => true): Promise<boolean> {
    const { clock } = this.#options;
    const chosen = [...this.#running].filter(({ delivery }) => condition(delivery.task));
    if (chosen.length === 0) return true;
    for (const { invocation } of chosen) invocation.deadline = Math.min(invocation.deadline, clock.now() + graceMs);
    // A second call never extends the deadline set by the first.
    const waitMs = Math.max(0, ...chosen.map(({ invocation }) => invocation.deadline - clock.now()));
    const timer = new AbortController();
    const ended = Promise.all(chosen.map((running) => running.ended)).then(() => true);
    const tooLate = clock.sleep(waitMs, timer.signal).then(() => false);
    const inTime = await Promise.race([ended, tooLate]);
    timer.abort();
    return inTime;
  }

  /** Takes nothing more, and waits like `hurry` for what runs. */
  async stop(graceMs = Infinity): Promise<boolean> {
    this.#stopped = true;
    this.#nap?.abort();
    await this.#taking;
    if (graceMs !== Infinity) return this.hurry(graceMs);
    await Promise.all([...this.#running].map((running) => running.ended));
    return true;
  }
}

function fieldsOf({ task, attempt }: Delivery<object>): LogFields {
  const { kind, jobId } = task as { kind?: unknown; jobId?: unknown };
  return { task: String(kind), job: typeof jobId === 'string' ? jobId : undefined, attempt };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
