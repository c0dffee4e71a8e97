import type { Log } from '../../copy/model/ports.ts';
import type { ApiRequest, ApiResponse } from './http.ts';
import { maxUrlBytes } from './http.ts';

/** What became known of a request on its way to the answer. */
export interface Audited {
  /** Name of the caller; absent until authenticated. */
  caller?: string;
  /** The parsed body, for the objects that it names. */
  body?: unknown;
}

/** Fields of bodies that name what is read and what is written. */
const objectFields = ['source', 'destination', 'from', 'to', 'fromPrefix', 'toPrefix', 'object'] as const;

/**
 * Logs one line for a request that wants something done, or that was refused: who sent it, from where, what it names, and how
 * it ended. A request that only reads and is answered is not logged: clients poll.
 */
export function audit(
  log: Log,
  { method, path, from }: Pick<ApiRequest, 'method' | 'path' | 'from'>,
  { status }: Pick<ApiResponse, 'status'>,
  { caller, body }: Audited = {},
): void {
  if (status < 400 && ['GET', 'HEAD', 'OPTIONS'].includes(method)) return;
  log.info('request', {
    caller: caller ?? 'unknown',
    from,
    method: method.slice(0, 16),
    path: path.slice(0, maxUrlBytes),
    ...objectsOf(body),
    status,
    outcome: status < 400 ? 'accepted' : 'refused',
  });
}

function objectsOf(body: unknown): Record<string, string> {
  const fields: Record<string, unknown> = typeof body === 'object' && body ? { ...body } : {};
  return Object.fromEntries(
    objectFields.flatMap((name) => {
      const value = fields[name];
      const text = typeof value === 'object' && value ? Object.values(value).find(isText) : value;
      // `from` is the sender's address; an object under that name goes by the longer one.
      return isText(text) ? [[name === 'from' ? 'source' : name === 'to' ? 'destination' : name, text]] : [];
    }),
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
