import { pipeline, Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { RetryLater } from '../../copy/model/errors.ts';
import type { Answer } from '../answers/answer.ts';
import { nameCall } from '../answers/error-text.ts';
import { networkError } from '../answers/network.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Call } from './call.ts';
import { bodySize } from './call.ts';
import { send } from './connection.ts';
import type { WireRequest } from './request.ts';

/** Told once for every HTTP request sent, when its answer has been read or has failed to come. */
export interface RequestInfo {
  operation: string;
  /** HTTP status; absent when no answer arrived. */
  status?: number;
  bucket?: string;
  key?: string;
  /** From sending to the last byte of the answer, milliseconds. */
  ms: number;
  /** The store's own name for the request, where it told one. */
  requestId?: string;
  /** From 1; more are retries of one call. */
  attempt: number;
  /** Bytes of the answer's body. */
  bytesIn: number;
  /** Bytes of the request's body. */
  bytesOut: number;
}

export interface Transport {
  dispatcher: Dispatcher;
  dialect: Dialect;
  onRequest?: (info: RequestInfo) => void;
}

/** An answer whose body has not been read. */
export interface OpenAnswer {
  status: number;
  headers: Record<string, string>;
  body: Readable;
}

/** XML answers are at most a few MiB: 1,000 keys of 1 KiB, percent-encoded. Whatever is larger is no such answer. */
const maxAnswer = 16 * 1024 * 1024;

/** Sends one request and reads its whole answer within `timeout` milliseconds. @throws CopyError. */
export async function exchange(
  transport: Transport,
  call: Call,
  wire: WireRequest,
  attempt: number,
  timeout: number,
): Promise<Answer> {
  const info = describeRequest(call, attempt);
  const limit = limitTime(call, timeout);
  try {
    const answer = await dispatch(transport, wire, timeout, limit.signal);
    note(info, answer, transport);
    return await readWhole(transport, call, answer, info);
  } catch (error) {
    throw networkError(error, call, transport.dialect, hostOf(wire));
  } finally {
    limit.lift();
    tell(transport, info);
  }
}

/** As `exchange`, but gives the body of a 2xx away unread. `onRequest` is called when that body has ended. */
export async function exchangeStream(
  transport: Transport,
  call: Call,
  wire: WireRequest,
  attempt: number,
  timeout: number,
): Promise<{ open: OpenAnswer } | { whole: Answer }> {
  const info = describeRequest(call, attempt);
  const limit = limitTime(call, timeout);
  try {
    const answer = await dispatch(transport, wire, timeout, limit.signal);
    note(info, answer, transport);
    if (answer.status < 300) {
      const body = counted(answer.body, info, () => tell(transport, info));
      return { open: { ...answer, body } };
    }
    const whole = await readWhole(transport, call, answer, info);
    tell(transport, info);
    return { whole };
  } catch (error) {
    tell(transport, info);
    throw networkError(error, call, transport.dialect, hostOf(wire));
  } finally {
    limit.lift();
  }
}

/**
 * Ends the whole exchange after so many milliseconds, connecting and reading included; undici by itself would wait again for
 * every chunk. Sending object data may take as long as it goes on.
 */
function limitTime(call: Call, timeout: number): { signal?: AbortSignal; lift: () => void } {
  if (call.body !== undefined && typeof call.body !== 'string') return { lift: () => undefined };
  const controller = new AbortController();
  const expire = () => controller.abort(Object.assign(new Error('the exchange took too long'), { code: 'ETIMEDOUT' }));
  const timer = setTimeout(expire, timeout);
  return { signal: controller.signal, lift: () => clearTimeout(timer) };
}

function counted(body: Readable, info: RequestInfo, ended: () => void): Readable {
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, pass) {
      info.bytesIn += chunk.length;
      pass(null, chunk);
    },
  });
  // An error on the way ends the counter with the same error, which is where the reader sees it.
  pipeline(body, counter, ended);
  return counter;
}

async function readWhole(transport: Transport, call: Call, answer: OpenAnswer, info: RequestInfo): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    info.bytesIn += chunk.length;
    chunks.push(chunk);
    if (info.bytesIn > maxAnswer) throw endless(transport, call);
  }
  return { status: answer.status, headers: answer.headers, body: Buffer.concat(chunks).toString('utf8') };
}

function hostOf(wire: WireRequest): string {
  return wire.headers['host'] ?? wire.origin;
}

async function dispatch(
  transport: Transport,
  { origin, path, method, headers, body }: WireRequest,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<OpenAnswer> {
  const response = await send(transport.dispatcher, {
    origin,
    path,
    method,
    headers,
    body,
    signal,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    // By itself undici closes the connection after every HEAD; `closeAfterBodiless` does so where it is needed.
    reset: false,
  });
  return { status: response.statusCode, headers: joinHeaders(response.headers), body: response.body };
}

function joinHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const joined: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name.toLowerCase()] = Array.isArray(value) ? value.join(',') : value;
  }
  return joined;
}

function describeRequest(call: Call, attempt: number): RequestInfo {
  const { operation, bucket, key, body } = call;
  // `ms` holds the start of the request; `tell` makes it a duration.
  return { operation, bucket, key, attempt, ms: performance.now(), bytesIn: 0, bytesOut: bodySize(body) };
}

function note(info: RequestInfo, { status, headers }: OpenAnswer, { dialect }: Transport): void {
  info.status = status;
  const requestId = headers[dialect.headers.requestId];
  if (requestId !== undefined) info.requestId = requestId;
}

function tell({ onRequest }: Transport, info: RequestInfo): void {
  onRequest?.({ ...info, ms: performance.now() - info.ms });
}

function endless(transport: Transport, call: Call): RetryLater {
  return new RetryLater(`${nameCall(call, transport.dialect)}: the answer is larger than any such answer can be.`, {
    answer: { operation: call.operation },
    effect: 'unknown',
  });
}
