/**
 * Control over HTTP at `/__twin/`, for tests in another process: loopback only, unsigned.
 *
 * - `GET /__twin/health`
 * - `GET /__twin/requests`: counts per operation and the records; `DELETE` resets both
 * - `GET /__twin/faults`; `POST` adds a rule (JSON as in `faults.ts`); `DELETE` clears
 * - `GET /__twin/objects?bucket=`: keys; `POST` puts one, or each of a list: `{bucket, key, size, seed?, body?, ...}`; `DELETE ?bucket=&key=`
 * - `GET /__twin/events`: where events go; `POST` adds a target (JSON as in `events/target.ts`), as an event rule of OSS does; `DELETE` removes all
 * - `POST /__twin/buckets`: `{name, region?, versioning?}`
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DirectPut, TwinStore } from './access.ts';
import { SHAPES } from './events/shapes.ts';
import type { EventTarget } from './events/target.ts';
import type { FaultRule, Faults } from './faults.ts';
import type { NewBucket } from './model/store.ts';
import type { RequestLog } from './requests.ts';

const PREFIX = '/__twin/';
const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

type ControlPut = DirectPut & { bucket: string; key: string };

type Handler = (query: URLSearchParams, body: unknown) => unknown;

function targetOf(body: unknown): EventTarget {
  const { url, shape, ...rest } = body as Partial<EventTarget>;
  if (url === undefined || !URL.canParse(url)) throw new Error('The url is none.');
  if (shape === undefined || !Object.hasOwn(SHAPES, shape))
    throw new Error(`The shape is none of: ${Object.keys(SHAPES).join(', ')}.`);
  return { ...rest, url, shape };
}

export class Control {
  readonly #handlers: Readonly<Record<string, Handler>>;

  constructor(store: TwinStore, faults: Faults, requests: RequestLog, targets: EventTarget[]) {
    const known = (query: URLSearchParams, name: string): string => {
      const value = query.get(name);
      if (value === null) throw new Error(`The parameter ${name} is missing.`);
      return value;
    };
    this.#handlers = {
      'GET health': () => ({ ok: true }),
      'GET requests': () => ({
        counts: requests.counts,
        bytesIn: requests.bytesIn,
        bytesOut: requests.bytesOut,
        requests: requests.all(),
      }),
      'DELETE requests': () => requests.reset(),
      'GET faults': () => faults.list(),
      'POST faults': (_, body) => void faults.add(body as FaultRule),
      'DELETE faults': () => faults.clear(),
      'GET objects': (query) => store.keys(known(query, 'bucket'), query.get('prefix') ?? ''),
      'POST objects': async (_, body) => {
        const putOne = ({ bucket, key, ...put }: ControlPut) => store.put(bucket, key, put);
        if (!Array.isArray(body)) return await putOne(body as ControlPut);
        for (const one of body as ControlPut[]) await putOne(one);
        return { put: body.length };
      },
      'DELETE objects': (query) => store.delete(known(query, 'bucket'), known(query, 'key')),
      'GET events': () => targets,
      'POST events': (_, body) => void targets.push(targetOf(body)),
      'DELETE events': () => void targets.splice(0),
      'POST buckets': (_, body) => store.createBucket(body as NewBucket),
    };
  }

  takes(message: IncomingMessage): boolean {
    return (message.url ?? '').startsWith(PREFIX) && LOOPBACK.has(message.socket.remoteAddress ?? '');
  }

  async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(message.url ?? '/', 'http://twin');
    const handler = this.#handlers[`${message.method} ${url.pathname.slice(PREFIX.length)}`];
    const pieces: Buffer[] = [];
    for await (const piece of message) pieces.push(piece as Buffer);
    const text = Buffer.concat(pieces).toString('utf8');
    const answer = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value ?? null));
    };
    if (!handler) return answer(404, { error: 'No such control.' });
    try {
      answer(200, await handler(url.searchParams, text === '' ? undefined : JSON.parse(text)));
    } catch (error) {
      answer(400, { error: String(error) });
    }
  }
}
