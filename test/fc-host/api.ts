/** Function Compute's API, as far as functions call it: InvokeFunction, signed, with its limits and its refusals. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { Keys } from '../../lib/queue/fc/sign.ts';
import type { AsyncQueue } from './async-queue.ts';
import type { FcFunction } from './function.ts';

// The vendor's own signer judges ours.
const require = createRequire(import.meta.url);
const { OpenApiUtil } = require('@alicloud/openapi-core') as {
  OpenApiUtil: {
    default?: unknown;
    getAuthorization(request: object, algorithm: string, payload: string, id: string, secret: string): string;
  };
};

const algorithm = 'ACS3-HMAC-SHA256';
const longestAsync = 128 * 1024;
const longestSync = 32 * 1024 * 1024;

export interface Deployed {
  fc: FcFunction;
  queue: AsyncQueue;
}

export interface ApiOptions {
  functions: ReadonlyMap<string, Deployed>;
  /** Keys that the API accepts. */
  keys: () => Keys[];
  /** In [0, 1). */
  random: () => number;
  /** Epoch milliseconds. */
  now: () => number;
  faults: ApiFaults;
}

export interface ApiFaults {
  /** Of all calls, how many are answered 429. */
  busy: number;
  /** Of all calls that are accepted, how many lose their answer. */
  lostAnswers: number;
}

/** A call as it came; `keyId` is who made it. */
export interface Seen {
  keyId: string;
  name: string;
  status: number;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string = code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export async function startApi(options: ApiOptions, seen: Seen[]): Promise<Server> {
  const server = createServer((request, response) => {
    answer(options, seen, request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function answer(
  options: ApiOptions,
  seen: Seen[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
  const call: Seen = { keyId: '', name: nameIn(url), status: 0 };
  seen.push(call);
  try {
    call.keyId = caller(options, request, url, body);
    const accepted = await invoke(options, request, call.name, body);
    call.status = accepted.status;
    if (options.random() < options.faults.lostAnswers) response.destroy();
    else response.writeHead(accepted.status, accepted.headers).end(accepted.body);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    call.status = error.status;
    const { code, message } = error;
    const text = JSON.stringify({ Code: code, Message: message, RequestId: 'refused' });
    response.writeHead(error.status, { 'content-type': 'application/json' }).end(text);
  }
}

function nameIn(url: URL): string {
  return decodeURIComponent(/^\/2023-03-30\/functions\/([^/]+)\/invocations$/.exec(url.pathname)?.[1] ?? '');
}

/** @throws Refusal for a signature that is not right, for unknown keys, and for a date that is too old. */
function caller({ keys, now }: ApiOptions, request: IncomingMessage, url: URL, body: Buffer): string {
  const { authorization = '', ...headers } = request.headers;
  const keyId = /Credential=([^,]+),/.exec(authorization)?.[1] ?? '';
  const found = keys().find(({ accessKeyId }) => accessKeyId === keyId);
  if (!found) throw new Refusal(403, 'InvalidAccessKeyId');
  if ((headers['x-acs-security-token'] ?? undefined) !== found.securityToken) {
    throw new Refusal(403, 'InvalidSecurityToken');
  }
  const payload = createHash('sha256').update(body).digest('hex');
  const query = Object.fromEntries(url.searchParams);
  const signed = { method: request.method, pathname: url.pathname, query, headers };
  const right = OpenApiUtil.getAuthorization(signed, algorithm, payload, keyId, found.accessKeySecret);
  if (right !== authorization || headers['x-acs-content-sha256'] !== payload) {
    throw new Refusal(403, 'SignatureNotMatch');
  }
  const age = now() - Date.parse(String(headers['x-acs-date']));
  if (!(Math.abs(age) < 900_000)) throw new Refusal(403, 'InvalidTimeStamp.Expired');
  if (!headers['x-acs-signature-nonce'] || headers['x-acs-version'] !== '2023-03-30') {
    throw new Refusal(400, 'MissingParameter');
  }
  return keyId;
}

async function invoke(
  { functions, random, faults }: ApiOptions,
  { headers }: IncomingMessage,
  name: string,
  body: Buffer,
): Promise<{ status: number; headers: Record<string, string>; body?: Buffer }> {
  const deployed = functions.get(name);
  if (!deployed) throw new Refusal(404, 'FunctionNotFound', `function ${name} does not exist`);
  const isAsync = headers['x-fc-invocation-type'] === 'Async';
  const delay = Number(headers['x-fc-async-delay'] ?? 0);
  if (!Number.isInteger(delay) || delay < 0 || delay > 3600)
    throw new Refusal(400, 'InvalidArgument', 'x-fc-async-delay');
  const limit = isAsync ? longestAsync : longestSync;
  if (body.length > limit) throw new Refusal(400, 'EntityTooLarge', `at most ${limit} bytes`);
  if (random() < faults.busy) throw new Refusal(429, 'ResourceThrottled');
  if (isAsync) return { status: 202, headers: { 'x-fc-request-id': deployed.queue.accept(body, delay) } };
  const outcome = await deployed.fc.invoke(body);
  if (!outcome) throw new Refusal(429, 'ResourceExhausted');
  if ('failed' in outcome) {
    return { status: 200, headers: { 'x-fc-error-type': outcome.failed }, body: Buffer.from(outcome.message) };
  }
  return { status: 200, headers: {}, body: outcome.body };
}
