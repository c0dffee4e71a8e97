import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { audit } from '../../api/http/audit.ts';
import type { ApiRequest, ApiResponse } from '../../api/http/http.ts';
import { jsonResponse, maxBodyBytes } from '../../api/http/http.ts';
import { logFailure, Problem, problemFrom, problemResponse } from '../../api/http/problem.ts';
import type { Log } from '../../copy/model/ports.ts';
import type { Admission } from './admission.ts';
import { BodyReader } from './body.ts';
import { refuseBrowsers } from './guards.ts';
import type { Metrics } from '../watch/prometheus.ts';

/** Largest posted event, bytes; S3 and its kin send at most 256 KB, batches somewhat more. */
const maxEventBytes = 1024 * 1024;

export interface HttpParts {
  /** Answers a request to the API. Never rejects. */
  api(request: ApiRequest): Promise<ApiResponse>;
  /** `/events` and `/events/TOKEN`. */
  postEvent(request: ApiRequest): Promise<ApiResponse>;
  /** Whether the body of a request is worth reading, by its head. */
  admit(head: Omit<ApiRequest, 'body'>): Admission;
  /** Refuse what a web page in a browser sends; needed where authentication is off. */
  refuseBrowsers: boolean;
  /** Why this process cannot take work; undefined when it can. */
  notReady(): string | undefined;
  /** Whether a request may read the metrics, and why the process takes no work. */
  mayMeasure(head: Omit<ApiRequest, 'body'>): boolean;
  metrics: Pick<Metrics, 'count' | 'render'>;
  log: Log;
}

export interface Listening {
  url: string;
  /** Takes no further connection, and lets requests under way end within `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** A request that is not there after this would not come any more, milliseconds. */
export interface Deadlines {
  headersMs: number;
  requestMs: number;
  /** How often connections are looked at: a deadline holds to within this. */
  checkMs: number;
}

const deadlines: Deadlines = { headersMs: 10_000, requestMs: 30_000, checkMs: 5_000 };

/** Further ones are closed at once: each costs memory before it has said a word. */
const mostConnections = 1_000;

/** @throws Error when the address cannot be listened on. */
export async function listen(
  parts: HttpParts,
  at: { host: string; port: number },
  { headersMs, requestMs, checkMs }: Deadlines = deadlines,
): Promise<Listening> {
  const bodies = new BodyReader();
  const options = { headersTimeout: headersMs, requestTimeout: requestMs, connectionsCheckingInterval: checkMs };
  const server = createServer(options, (request, response) => {
    void serve(parts, bodies, request, response);
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, resolve);
  });
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const late = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(late);
    },
  };
}

/** Never rejects. */
async function serve(
  parts: HttpParts,
  bodies: BodyReader,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const [path = '/', query = ''] = split(incoming.url ?? '/');
  const isEvent = path === '/events' || path.startsWith('/events/');
  const method = incoming.method ?? 'GET';
  const from = incoming.socket.remoteAddress;
  // A token in the path is a secret.
  const place = isEvent ? '/events' : path;
  let answer: ApiResponse;
  try {
    const head = { method, path, query, from, headers: headersOf(incoming) };
    const body = await bodies.read(incoming, isEvent ? maxEventBytes : maxBodyBytes, parts.admit(head));
    if (parts.refuseBrowsers) refuseBrowsers(head);
    const request = { ...head, body };
    const own = (await ownResponse(parts, request)) ?? (isEvent ? await parts.postEvent(request) : undefined);
    if (isEvent && own) audit(parts.log, { method, path: place, from }, own);
    answer = own ?? (await parts.api(request));
  } catch (error) {
    // The client has gone away in the middle of its request.
    if (incoming.destroyed && !incoming.complete) return;
    logFailure(parts.log, error, { path: place });
    answer = problemResponse(problemFrom(error), place);
    audit(parts.log, { method, path: place, from }, answer);
  }
  parts.metrics.count('ferry_http_requests_total', { status: String(answer.status), to: targetOf(path) });
  // What was not read of a body would be taken for the next request.
  const rest = incoming.complete ? {} : { connection: 'close' };
  const length = answer.body === '' ? {} : { 'content-length': Buffer.byteLength(answer.body) };
  outgoing.writeHead(answer.status, { ...answer.headers, ...length, ...rest });
  outgoing.end(answer.body);
}

async function ownResponse(parts: HttpParts, request: ApiRequest): Promise<ApiResponse | undefined> {
  const { method, path } = request;
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (path === '/healthz') return jsonResponse(200, { status: 'ok' });
  if (path === '/metrics') {
    if (!parts.mayMeasure(request)) throw noMetrics();
    const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };
    return { status: 200, headers, body: await parts.metrics.render() };
  }
  if (path !== '/readyz') return undefined;
  const why = parts.notReady();
  return why === undefined
    ? jsonResponse(200, { status: 'ready' })
    : jsonResponse(503, { status: 'not ready', ...(parts.mayMeasure(request) && { why }) });
}

function noMetrics(): Problem {
  const headers = { 'www-authenticate': 'Bearer' };
  const detail =
    'Send "Authorization: Bearer KEY" with the key of a caller, or one of `metricsTokens` of the configuration.';
  return new Problem('unauthorized', detail, { headers });
}

function headersOf({ headers }: IncomingMessage): ApiRequest['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

function split(url: string): [string, string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

/** Few values, whatever is asked for: each one is a time series. */
function targetOf(path: string): string {
  const [, first = ''] = path.split('/');
  return ['events', 'v1', 'metrics', 'healthz', 'readyz', 'openapi.json'].includes(first) ? first : 'other';
}
