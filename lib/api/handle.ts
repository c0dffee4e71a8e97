import type { Invocation } from '../copy/model/ports.ts';
import type { Authenticated } from './callers/authenticate.ts';
import { authenticate } from './callers/authenticate.ts';
import type { Audited } from './http/audit.ts';
import { audit } from './http/audit.ts';
import type { ApiRequest, ApiResponse } from './http/http.ts';
import { emptyResponse, jsonResponse, maxUrlBytes } from './http/http.ts';
import { logFailure, Problem, problemFrom, problemKinds, problemResponse } from './http/problem.ts';
import { check, readJson, readQuery } from './http/read-request.ts';
import type { ApiDeps, Call } from './model/deps.ts';
import type { Route } from './model/route.ts';
import { openApiDocument } from './openapi.ts';
import { match } from './routes.ts';

/** Answers one request. Never throws: whatever goes wrong becomes a problem document. */
export async function handleApi(deps: ApiDeps, request: ApiRequest, invocation: Invocation): Promise<ApiResponse> {
  const audited: Audited = {};
  const answer = await answerTo(deps, request, invocation, audited);
  audit(deps.world.log, request, answer, audited);
  return bodiless(request, answer);
}

async function answerTo(
  deps: ApiDeps,
  request: ApiRequest,
  invocation: Invocation,
  audited: Audited,
): Promise<ApiResponse> {
  try {
    return await dispatch(deps, request, invocation, audited);
  } catch (error) {
    logFailure(deps.world.log, error, { method: request.method, path: request.path });
    return problemResponse(problemFrom(error), request.path.slice(0, maxUrlBytes));
  }
}

/** The answer to HEAD is the answer to GET without its body. */
function bodiless(request: ApiRequest, response: ApiResponse): ApiResponse {
  return request.method === 'HEAD' ? { ...response, body: '' } : response;
}

async function dispatch(
  deps: ApiDeps,
  request: ApiRequest,
  invocation: Invocation,
  audited: Audited,
): Promise<ApiResponse> {
  if (request.path.length + request.query.length > maxUrlBytes) {
    throw new Problem('url-too-long', `A URL may have ${maxUrlBytes} bytes.`);
  }
  const open = openResponse(request);
  if (open) return open;
  const matched = match(request.path);
  if (!matched) throw new Problem('not-found', 'There is nothing here; /openapi.json lists what there is.');
  const allow = allowOf(matched.routes);
  if (request.method === 'OPTIONS') return emptyResponse(204, { allow });
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const route = matched.routes.find((candidate) => candidate.method === method);
  if (!route) throw methodNotAllowed(request.method, allow);
  const who = deps.everyone ? { caller: deps.everyone } : authenticate(deps.callers, request, deps.world.clock.now());
  audited.caller = who.caller.name;
  const call = readCall(deps, request, route, who, matched.params, invocation);
  audited.body = call.body;
  // The table pairs each handler with the schemas that made its body and query.
  return route.run(call as Call<never, never>);
}

function readCall(
  deps: ApiDeps,
  request: ApiRequest,
  route: Route,
  who: Authenticated,
  params: Record<string, string>,
  invocation: Invocation,
): Call<unknown> {
  // A signature over a body must not be good for another method on the same path.
  if (!route.body && request.body.length > 0) throw new Problem('bad-request', `${request.method} takes no body here.`);
  return {
    deps,
    caller: who.caller,
    idempotencyKey: idempotencyKeyOf(request, who.signedId),
    path: request.path,
    params,
    query: check(route.query, readQuery(request.query), 'bad-request', 'query'),
    body: route.body && check(route.body, readJson(request), 'invalid', 'body'),
    invocation,
  };
}

/**
 * A signature does not cover headers: with a free choice of key, an attacker could replay a captured request.
 * So a signed request is known by its signed `webhook-id`.
 */
function idempotencyKeyOf(request: ApiRequest, signedId: string | undefined): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return signedId;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new Problem('bad-request', 'Idempotency-Key must have 1 to 255 printable ASCII characters without spaces.');
  }
  if (signedId !== undefined && key !== signedId) {
    throw new Problem(
      'bad-request',
      'A signed request is known by its webhook-id; leave Idempotency-Key out, or make it equal.',
    );
  }
  return key;
}

/** What anyone may read: the description of the API and of its problems. */
function openResponse({ method, path }: ApiRequest): ApiResponse | undefined {
  const document = openDocument(path);
  if (document === undefined) return undefined;
  const allow = 'GET, HEAD, OPTIONS';
  if (method === 'OPTIONS') return emptyResponse(204, { allow });
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed(method, allow);
  return jsonResponse(200, document, { 'cache-control': 'public, max-age=300' });
}

function openDocument(path: string): unknown {
  if (path === '/openapi.json') return openApiDocument();
  const [, name = ''] = /^\/problems\/([a-z-]+)$/.exec(path) ?? [];
  const kind = Object.entries(problemKinds).find(([known]) => known === name)?.[1];
  return kind && { type: path, ...kind };
}

function allowOf(routes: Route[]): string {
  const methods = new Set<string>(routes.map((route) => route.method));
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods, 'OPTIONS'].sort().join(', ');
}

function methodNotAllowed(method: string, allow: string): Problem {
  return new Problem('method-not-allowed', `${method} is not possible here; ${allow} are.`, { headers: { allow } });
}
