/**
 * Asynchronous invocations of one function (www.alibabacloud.com/help/en/functioncompute/fc-3-0/user-guide/overview-34): kept,
 * delivered at least once, repeated after a function error, and sent to a destination when they failed for good.
 */
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FcFunction } from './function.ts';

/** After this a message that waits looks at the clock again. */
const longestSleepMs = 250;

export interface AsyncOptions {
  /** Repeats after a function error. */
  maxRetries: number;
  /** Milliseconds before a repeat; the service documents no figure. */
  retryMs: number;
  /** Milliseconds of a second of delay; fewer let time fly. */
  second: number;
  /** Epoch milliseconds; a test may move it. */
  now: () => number;
  /** In [0, 1). */
  random: () => number;
  /** Of all deliveries, how many come a second time, at once or late. */
  duplicates: number;
  /** Of all messages, how many are lost after an internal error, which the service does not repeat. */
  lost: number;
}

/** What a destination on failure gets. */
export interface Failure {
  timestamp: number;
  requestContext: {
    requestId: string;
    functionArn: string;
    condition: 'RetriesExhausted';
    approximateInvokeCount: number;
  };
  requestPayload: string;
  responseContext: { statusCode: number; functionError: string };
  responsePayload: string;
}

export class AsyncQueue {
  readonly #function: FcFunction;
  /** May be changed at any time. */
  readonly options: AsyncOptions;
  readonly #onFailure: (failure: Failure) => void;
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly counts = { accepted: 0, delivered: 0, lost: 0, duplicated: 0, delaySeconds: 0 };

  constructor(fc: FcFunction, options: AsyncOptions, onFailure: (failure: Failure) => void) {
    this.#function = fc;
    this.options = options;
    this.#onFailure = onFailure;
    // One for each message that waits.
    setMaxListeners(0, this.#stop.signal);
  }

  /** Messages that are on their way: delayed, throttled or being worked on. */
  get size(): number {
    return this.#running.size;
  }

  accept(body: Buffer, delaySeconds = 0): string {
    const id = randomUUID();
    const { random, lost, duplicates, second } = this.options;
    this.counts.accepted += 1;
    this.counts.delaySeconds += delaySeconds;
    if (random() < lost) {
      this.counts.lost += 1;
      return id;
    }
    this.#go(id, body, delaySeconds * second);
    if (random() < duplicates) {
      this.counts.duplicated += 1;
      // Under the same request id, and perhaps while the first one still runs.
      this.#go(id, body, delaySeconds * second + (random() < 0.5 ? 0 : random() * 3_000));
    }
    return id;
  }

  /** Delivers nothing more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  #go(id: string, body: Buffer, delayMs: number): void {
    const running = this.#deliver(id, body, delayMs)
      .catch(() => {})
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #deliver(id: string, body: Buffer, delayMs: number): Promise<void> {
    const { maxRetries, retryMs } = this.options;
    await this.#wait(delayMs);
    let throttledMs = 500;
    for (let retryCount = 0; ;) {
      const outcome = await this.#function.invoke(body, id, retryCount);
      this.#stop.signal.throwIfAborted();
      if (!outcome) {
        await this.#wait(throttledMs);
        throttledMs = Math.min(throttledMs * 2, 4_000);
        continue;
      }
      this.counts.delivered += 1;
      if (!('failed' in outcome)) return;
      if (retryCount >= maxRetries) {
        this.#onFailure(this.#failureOf(id, body, outcome.message, retryCount + 1));
        return;
      }
      retryCount += 1;
      await this.#wait(retryMs);
    }
  }

  async #wait(ms: number): Promise<void> {
    const { now } = this.options;
    const until = now() + ms;
    for (let left = ms; left > 0; left = until - now()) {
      await sleep(Math.min(left, longestSleepMs), undefined, { signal: this.#stop.signal });
    }
  }

  #failureOf(requestId: string, body: Buffer, message: string, count: number): Failure {
    const { name, region } = this.#function.options;
    return {
      timestamp: Date.now(),
      requestContext: {
        requestId,
        functionArn: `acs:fc:${region}::functions/${name}`,
        condition: 'RetriesExhausted',
        approximateInvokeCount: count,
      },
      requestPayload: body.toString('utf8'),
      responseContext: { statusCode: 200, functionError: 'UnhandledInvocationError' },
      responsePayload: message,
    };
  }
}
