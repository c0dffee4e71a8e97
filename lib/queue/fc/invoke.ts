import { randomUUID } from 'node:crypto';
import { GiveUp, RetryLater } from '../../copy/model/errors.ts';
import type { Clock } from '../../copy/model/ports.ts';
import { longestBody } from './envelope.ts';
import type { Keys } from './sign.ts';
import { signedHeaders } from './sign.ts';

const version = '2023-03-30';
/** The service answers within milliseconds; what takes seconds is a lost connection, and is repeated on another. */
const timeoutMs = 10_000;
const maxTries = 5;

export interface InvokerOptions {
  /** Base URL of Function Compute's API in the region, e.g. `https://fcv3.cn-hangzhou.aliyuncs.com`. */
  endpoint: string;
  /** Asked before each request: those of an earlier invocation may have expired. */
  keys: () => Promise<Keys>;
  clock: Clock;
  /** In [0, 1). */
  random(): number;
}

/** Starts functions asynchronously: Function Compute keeps the invocation before it answers, and delivers it at least once. */
export class Invoker {
  readonly #options: InvokerOptions;

  constructor(options: InvokerOptions) {
    this.#options = options;
  }

  /**
   * Repeats a request whose answer was lost, so the function may run twice.
   *
   * @param delaySeconds at most 3,600
   * @throws GiveUp BadRequest for a body that no invocation may have; RetryLater for whatever the service refuses: nothing about
   *   it says that the work itself is wrong.
   */
  async start(name: string, body: string, delaySeconds = 0): Promise<void> {
    const bytes = Buffer.byteLength(body);
    if (bytes > longestBody) {
      throw new GiveUp(
        'BadRequest',
        `A message for the function ${name} has ${bytes} bytes; an asynchronous invocation may have ${longestBody}.`,
      );
    }
    const { clock, random } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const refusal = await this.#send(name, body, delaySeconds);
      if (!refusal) return;
      if (!refusal.passes || attempt >= maxTries) {
        const throttled = refusal.status === 429;
        const answer = { operation: 'InvokeFunction', status: refusal.status, code: refusal.code };
        throw new RetryLater(`Function Compute did not accept an invocation of ${name} (${refusal.text}).`, {
          throttled,
          answer,
        });
      }
      await clock.sleep(random() * 100 * 2 ** attempt);
    }
  }

  /** Undefined when the invocation is accepted. */
  async #send(name: string, body: string, delaySeconds: number): Promise<Refusal | undefined> {
    const { endpoint, keys, clock } = this.#options;
    const url = new URL(`/${version}/functions/${encodeURIComponent(name)}/invocations`, endpoint);
    const headers = signedHeaders({
      method: 'POST',
      url,
      action: 'InvokeFunction',
      version,
      body,
      contentType: 'application/octet-stream',
      keys: await keys(),
      now: clock.now(),
      nonce: randomUUID(),
    });
    headers['x-fc-invocation-type'] = 'Async';
    if (delaySeconds > 0) headers['x-fc-async-delay'] = String(delaySeconds);
    try {
      const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(timeoutMs) });
      const text = await answer.text();
      return answer.ok ? undefined : refusalOf(answer.status, text);
    } catch (error) {
      const { cause } = error as { cause?: { code?: string } };
      return { passes: true, text: `no answer: ${cause?.code ?? (error as Error).name}` };
    }
  }
}

interface Refusal {
  status?: number;
  code?: string;
  text: string;
  /** Worth another try at once. */
  passes: boolean;
}

function refusalOf(status: number, body: string): Refusal {
  const { Code, code = Code, Message, message = Message } = parsed(body);
  const text = [status, code, message].filter(Boolean).join(' ');
  return { status, code: code === undefined ? undefined : String(code), text, passes: status === 429 || status >= 500 };
}

function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
