/** HTTP requests as the platforms hand them to a function, to one shape and back. One row per platform. */
import { GiveUp } from '../../copy/model/errors.ts';
import type { ApiRequest, ApiResponse } from './http.ts';

/** What the events of all platforms share; anything in it may be missing. */
interface HttpEvent {
  version?: string;
  rawPath?: string;
  rawQueryString?: string;
  queryParameters?: Record<string, string>;
  headers?: Record<string, string | undefined>;
  body?: string;
  isBase64Encoded?: boolean;
  requestContext?: { stage?: string; http?: { method?: string; sourceIp?: string } };
}

/** The answer, as all of them take it. */
export interface HttpEventAnswer {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
  isBase64Encoded: false;
}

/** By `version`: API Gateway HTTP APIs and Lambda function URLs say 2.0, HTTP triggers of Function Compute 3 say v1. */
const platforms = new Map<string | undefined, (event: HttpEvent) => Pick<ApiRequest, 'path' | 'query'>>([
  ['2.0', (event) => ({ path: withoutStage(event), query: event.rawQueryString ?? '' })],
  ['v1', (event) => ({ path: event.rawPath ?? '/', query: new URLSearchParams(event.queryParameters).toString() })],
]);

/**
 * @param event an object, or the bytes of one as Function Compute passes them
 * @throws GiveUp BadRequest for an event that is no HTTP request.
 */
export function readHttpEvent(event: unknown): ApiRequest {
  const given = (
    event instanceof Uint8Array ? JSON.parse(Buffer.from(event).toString('utf8')) : event
  ) as HttpEvent | null;
  const read = platforms.get(given?.version);
  const method = given?.requestContext?.http?.method;
  if (!given || !read || method === undefined) {
    throw new GiveUp('BadRequest', 'This function answers HTTP requests; it does not know this event.');
  }
  const headers = Object.fromEntries(
    Object.entries(given.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const body = Buffer.from(given.body ?? '', given.isBase64Encoded ? 'base64' : 'utf8');
  const from = given.requestContext?.http?.sourceIp;
  return { method: method.toUpperCase(), ...read(given), headers, body, from };
}

export function answerHttpEvent({ status, headers, body }: ApiResponse): HttpEventAnswer {
  return { statusCode: status, headers, body, isBase64Encoded: false };
}

/** A stage other than the default one stands before the path. */
function withoutStage({ rawPath = '/', requestContext }: HttpEvent): string {
  const stage = `/${requestContext?.stage ?? '$default'}`;
  return rawPath === stage || rawPath.startsWith(`${stage}/`) ? rawPath.slice(stage.length) || '/' : rawPath;
}
