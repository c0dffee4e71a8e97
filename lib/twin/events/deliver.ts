/** Delivers events to webhooks: at least once, and, where a test asks for it, twice, late and out of order. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inSnsMessage, isPartEvent, isTagEvent, s3Name, SHAPES } from './shapes.ts';
import type { EventSink, EventTarget, StoreEvent } from './target.ts';

const ATTEMPTS = 10;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 5_000;

function wants(target: EventTarget, event: StoreEvent): boolean {
  const { bucket, prefix = '', suffix = '', partEvents = false } = target;
  return (
    (bucket === undefined || bucket === event.bucket) &&
    event.key.startsWith(prefix) &&
    event.key.endsWith(suffix) &&
    (partEvents || !isPartEvent(event.name)) &&
    isAsked(target, event)
  );
}

/** By S3's names, where the target lists some. */
function isAsked({ events }: EventTarget, { name }: StoreEvent): boolean {
  if (!events) return !isTagEvent(name);
  const its = s3Name(name);
  return (
    its !== undefined && events.some((one) => one === its || (one.endsWith('*') && its.startsWith(one.slice(0, -1))))
  );
}

export class Deliveries implements EventSink {
  readonly #targets: () => readonly EventTarget[];
  readonly #random: () => number;
  readonly #stopped = new AbortController();
  readonly #running = new Set<Promise<void>>();

  /** @param targets asked for every event */
  constructor(targets: () => readonly EventTarget[], random: () => number) {
    this.#targets = targets;
    this.#random = random;
  }

  emit(event: StoreEvent): void {
    for (const target of this.#targets()) {
      const body = wants(target, event) ? SHAPES[target.shape](event) : undefined;
      if (body === undefined) continue;
      const copies = this.#random() < (target.duplicate ?? 0) ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) this.#start(target, JSON.stringify(body));
    }
  }

  test(target: EventTarget, bucket: string, requestId: string): void {
    const now = Date.now();
    const body = {
      Service: 'Amazon S3',
      Event: 's3:TestEvent',
      Time: new Date(now).toISOString(),
      Bucket: bucket,
      RequestId: requestId,
      HostId: requestId,
    };
    const message = target.shape === 's3-sns' ? inSnsMessage(body, { requestId, at: now, region: 'us-east-1' }) : body;
    this.#start(target, JSON.stringify(message));
  }

  #start(target: EventTarget, body: string): void {
    const delay = this.#random() * (target.delayMs ?? 0);
    const running = this.#deliver(target, body, delay).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Gives up quietly when the twin stops or the attempts are used up. */
  async #deliver(target: EventTarget, body: string, delay: number): Promise<void> {
    const { signal } = this.#stopped;
    const request = {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...target.headers },
      body,
      signal,
    };
    let wait = delay;
    for (let attempt = 1; attempt <= (target.attempts ?? ATTEMPTS); attempt++) {
      try {
        if (wait > 0) await sleep(wait, undefined, { signal });
        const response = await fetch(target.url, request);
        await response.arrayBuffer();
        if (response.ok) return;
      } catch {
        if (signal.aborted) return;
      }
      wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
    }
  }

  /** Resolves when everything emitted so far was delivered or given up. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.settled();
  }
}
