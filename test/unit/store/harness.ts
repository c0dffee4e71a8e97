/** A client whose server is a list of answers, and whose clock never really waits. */
import type { Readable } from 'node:stream';
import { MockAgent } from 'undici';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../../lib/copy/model/ports.ts';
import type { RequestInfo, StoreClient, StoreConfig } from '../../../lib/store/open.ts';
import { openStore } from '../../../lib/store/open.ts';

export interface Sent {
  method: string;
  origin: string;
  /** Exactly as it would stand in the request line. */
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** The connection fails with this code instead. */
  fails?: string;
}

export class TestClock implements Clock {
  time: number;
  readonly slept: number[] = [];

  constructor(time = Date.UTC(2026, 5, 1, 12)) {
    this.time = time;
  }

  now(): number {
    return this.time;
  }

  sleep(ms: number): Promise<void> {
    this.slept.push(ms);
    this.time += ms;
    return Promise.resolve();
  }
}

export interface Bench {
  store: StoreClient;
  sent: Sent[];
  infos: RequestInfo[];
  clock: TestClock;
}

export const keyPair = { accessKeyId: 'AKID', secretAccessKey: 'top-secret-key' };

/** Answers are given in order; asking for one more than there are fails the call. A function decides by the request. */
export function bench(
  scheme: 'oss' | 's3',
  replies: Reply[] | ((request: Sent) => Reply),
  config: Partial<StoreConfig> = {},
): Bench {
  const clock = new TestClock();
  const agent = new MockAgent();
  agent.disableNetConnect();
  onTestFinished(() => agent.close());
  const sent: Sent[] = [];
  const infos: RequestInfo[] = [];
  agent
    .get(/.*/)
    .intercept({ path: () => true, method: () => true })
    .reply((options) => {
      const request: Sent = {
        method: options.method ?? 'GET',
        origin: String(options.origin),
        path: options.path,
        headers: options.headers as Record<string, string>,
        body: textOf(options.body),
      };
      sent.push(request);
      const reply = typeof replies === 'function' ? replies(request) : replies[sent.length - 1];
      if (!reply)
        throw new Error(`no answer was prepared for request ${sent.length}: ${request.method} ${request.path}`);
      if (reply.fails) throw Object.assign(new Error(`connection: ${reply.fails}`), { code: reply.fails });
      return {
        statusCode: reply.status ?? 200,
        data: reply.body ?? '',
        responseOptions: { headers: reply.headers ?? {} },
      };
    })
    .persist();
  const store = openStore({
    address: { scheme, region: scheme === 'oss' ? 'cn-hangzhou' : 'us-east-1' },
    credentials: () => Promise.resolve(keyPair),
    clock,
    random: () => 0.5,
    onRequest: (info) => infos.push({ ...info }),
    dispatcher: agent,
    ...config,
  });
  return { store, sent, infos, clock };
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? Buffer.from(body).toString('utf8') : '';
}

export function errorXml(code: string, message = '', extra = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message>${extra}</Error>`;
}

export function refusal(status: number, code: string, message = '', extra = ''): Reply {
  return { status, body: errorXml(code, message, extra) };
}

export const aHead: Reply = {
  headers: { 'content-length': '5', etag: '"abc"', 'last-modified': 'Mon, 01 Jun 2026 10:00:00 GMT' },
};

export const copied: Reply = { body: '<CopyObjectResult><ETag>"abc"</ETag></CopyObjectResult>' };

export async function readAll(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** The error of a call that must fail. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  const result = await promise.then(
    () => new Error('the call succeeded'),
    (error: unknown) => error as Error,
  );
  return result;
}
