import type { Dispatcher } from 'undici';
import Agent from 'undici/lib/dispatcher/agent.js';
import request from 'undici/lib/api/api-request.js';
import { CopyError, RetryLater } from '../../copy/model/errors.ts';
import type { Clock } from '../../copy/model/ports.ts';
import type { Subject } from './errors.ts';
import { ConditionFailed, connectionError, lostAnswer, readRefusal, refusalError } from './errors.ts';
import type { TablestoreCredentials } from './sign.ts';
import { md5, signedHeaders } from './sign.ts';

export interface ClientOptions {
  /** URL of the instance, e.g. `https://NAME.cn-hangzhou.vpc.tablestore.aliyuncs.com`. */
  endpoint: string;
  instance: string;
  table: string;
  /** Asked before every request, so that it may give newer ones each time. */
  credentials: () => Promise<TablestoreCredentials>;
  clock: Clock;
  /** In [0, 1). */
  random?: () => number;
  /** Requests of one call, 6 unless said otherwise; the pauses between them add up to about 3 seconds. */
  attempts?: number;
  /** How long one request may take, milliseconds; 5,000 unless said otherwise. */
  timeoutMs?: number;
}

export interface CallOptions {
  /** Send the request again although it may have taken effect: it is a read, or bears being done twice. */
  repeatUnknown?: boolean;
}

/** The service answers within milliseconds. What takes seconds is a lost connection, and is repeated on another. */
const connectTimeoutMs = 2_000;

/** Answers are at most 4 MB, a limit of the service. */
const maxAnswer = 16 * 1024 * 1024;

/** Pauses between the attempts of one call, milliseconds: the first, and the longest. */
const firstPauseMs = 100;
const longestPauseMs = 2_000;

/** Calls of one Tablestore instance over HTTP. Holds no request (I12). */
export class TablestoreClient {
  readonly #options: ClientOptions;
  readonly #dispatcher: Dispatcher;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#dispatcher = new Agent({ connections: 64, connect: { timeout: connectTimeoutMs } });
  }

  /**
   * Sends a request and reads its answer; repeats it while the service refuses it for reasons that pass.
   * @throws ConditionFailed; RetryLater, with `effect: 'unknown'` where the write may have taken effect; GiveUp StateUnusable.
   */
  async call<Result>(
    { operation, body }: { operation: string; body: Buffer },
    read: (answer: Buffer, subject: Subject) => Result,
    { repeatUnknown = false }: CallOptions = {},
  ): Promise<Result> {
    const attempts = this.#options.attempts ?? 6;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(operation, body, read);
      } catch (error) {
        if (!(error instanceof RetryLater) || attempt >= attempts) throw error;
        if (error.effect === 'unknown' && !repeatUnknown) throw error;
        await this.pause(attempt);
      }
    }
  }

  /** Waits before the attempt after this one: longer each time, and not all callers equally long. */
  async pause(attempt: number): Promise<void> {
    const { clock, random = Math.random } = this.#options;
    const longest = Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs);
    await clock.sleep(longest * (0.5 + random() / 2));
  }

  get attempts(): number {
    return this.#options.attempts ?? 6;
  }

  async close(): Promise<void> {
    await this.#dispatcher.close();
  }

  async #attempt<Result>(
    operation: string,
    body: Buffer,
    read: (answer: Buffer, subject: Subject) => Result,
  ): Promise<Result> {
    const { endpoint, instance, table } = this.#options;
    const { origin, host } = new URL(endpoint);
    const subject: Subject = { operation, table, instance, host };
    const { status, headers, body: answer } = await this.#send(origin, operation, body, subject);
    const requestId = headers['x-ots-requestid'];
    if (status !== 200) throw refusalError(readRefusal(status, answer, requestId), subject);
    const sum = headers['x-ots-contentmd5'];
    if (sum !== undefined && sum !== md5(answer)) throw lostAnswer(subject, 'the answer was damaged on its way');
    try {
      return read(answer, subject);
    } catch (error) {
      if (error instanceof CopyError || error instanceof ConditionFailed) throw error;
      throw lostAnswer(subject, `the answer cannot be read (${String(error)})`, error);
    }
  }

  async #send(
    origin: string,
    operation: string,
    body: Buffer,
    subject: Subject,
  ): Promise<{ status: number; headers: Record<string, string | undefined>; body: Buffer }> {
    const { instance, clock, timeoutMs = 5_000 } = this.#options;
    const path = `/${operation}`;
    const credentials = await this.#options.credentials();
    const headers = signedHeaders(path, body, { instance, credentials, at: clock.now() });
    const limit = new AbortController();
    // The whole exchange: undici by itself would wait again for every chunk.
    const expire = () =>
      limit.abort(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' }));
    const timer = setTimeout(expire, timeoutMs);
    try {
      const response = await request.call(this.#dispatcher, {
        origin,
        path,
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/octet-stream' },
        body,
        signal: limit.signal,
      });
      return {
        status: response.statusCode,
        headers: flat(response.headers),
        body: await readWhole(response.body, subject),
      };
    } catch (error) {
      throw connectionError(error, subject);
    } finally {
      clearTimeout(timer);
    }
  }
}

async function readWhole(body: AsyncIterable<Buffer>, subject: Subject): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    chunks.push(chunk);
    if (size > maxAnswer) throw lostAnswer(subject, 'the answer is larger than any of Tablestore');
  }
  return Buffer.concat(chunks);
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );
}
