/** Who may see how the service is doing, and which requests come from a page in a browser. */
import { authenticate } from '../../api/callers/authenticate.ts';
import type { Caller } from '../../api/callers/callers.ts';
import { callerFrom } from '../../api/callers/callers.ts';
import type { ApiRequest } from '../../api/http/http.ts';
import { Problem } from '../../api/http/problem.ts';
import { isLoopback } from '../../config/file.ts';

type Head = Omit<ApiRequest, 'body'>;

/** Stands for everything that has a metrics token; it may do nothing else. */
export function metricsReader(tokens: readonly string[]): Caller[] {
  return tokens.length === 0 ? [] : [callerFrom({ name: 'metrics', keys: [...tokens] })];
}

/**
 * Whether a request may read metrics and the reason of `/readyz`: it has a key of a caller or a metrics token, or the service
 * listens on a loopback address, where only this machine's own users come.
 */
export function mayMeasure(host: string, readers: readonly Caller[], head: Head): boolean {
  if (isLoopback(host)) return true;
  if (head.headers['authorization'] === undefined) return false;
  try {
    authenticate(readers, { ...head, body: new Uint8Array() }, 0);
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

/**
 * Refuses what a web page makes a browser send, where authentication is off: requests with an Origin, and those under a name
 * that is not this machine's (a page can have its own name resolved to 127.0.0.1, and its requests then carry no Origin).
 *
 * @throws Problem forbidden.
 */
export function refuseBrowsers({ headers }: Pick<Head, 'headers'>): void {
  if (headers['origin'] !== undefined) {
    throw new Problem('forbidden', 'Without authentication, requests of web pages are refused.');
  }
  const [, name = ''] = /^(?:\[([^\]]*)\]|[^:]*)(?::\d{1,5})?$/.exec(headers['host'] ?? '') ?? [];
  const host = name === '' ? (headers['host'] ?? '').replace(/:\d{1,5}$/, '') : name;
  if (isLoopback(host.toLowerCase())) return;
  throw new Problem(
    'forbidden',
    'Without authentication, only requests to localhost are answered: the Host header must be localhost, 127.0.0.1 or [::1].',
  );
}
