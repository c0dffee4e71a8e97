import { visibleJson } from '../../copy/model/visible-json.ts';

/** Requests and answers in one shape for every host: API Gateway, Function Compute and `ferry serve`. */

export interface ApiRequest {
  /** Upper case. */
  method: string;
  /** As received: percent-encoded, without the query. */
  path: string;
  /** As received, without the question mark; empty when there is none. */
  query: string;
  /** Names in lower case. */
  headers: Record<string, string | undefined>;
  /** The exact bytes received: signatures are computed over them. */
  body: Uint8Array;
  /** IP address of the client, or of the proxy before us. */
  from?: string;
}

export interface ApiResponse {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/** Largest request body that is read, bytes. */
export const maxBodyBytes = 256 * 1024;

/** Longest path with query that is looked at, bytes. */
export const maxUrlBytes = 4096;

/** Answers are for one caller only, so no cache may keep them. */
const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

export function jsonResponse(status: number, value: unknown, headers: Record<string, string> = {}): ApiResponse {
  return {
    status,
    headers: { ...always, 'content-type': 'application/json', ...headers },
    body: visibleJson(value),
  };
}

export function emptyResponse(status: number, headers: Record<string, string> = {}): ApiResponse {
  return { status, headers: { ...always, ...headers }, body: '' };
}
