/** Requests of the AWS SDK for credentials, on connections as the store client makes them. */
import { buildQueryString } from '@smithy/core/protocols';
import type { HttpHandlerOptions, HttpRequest, HttpResponse, RequestHandler } from '@smithy/types';
import type { Dispatcher } from 'undici';
import { readNetwork } from '../../profiles/network.ts';
import type { Env } from '../../profiles/places.ts';
import { openAgent, send } from '../wire/agent.ts';

type Handler = RequestHandler<HttpRequest, HttpResponse, HttpHandlerOptions>;

/** The SDK itself knows neither proxies nor AWS_CA_BUNDLE; undefined where there are none of both, and its own handler will do. */
export function sdkHandler(env: Env): Handler | undefined {
  const network = readNetwork(env, env['AWS_CA_BUNDLE'] || undefined);
  if (!network.httpProxy && !network.httpsProxy && !network.ca) return undefined;
  let agent: Dispatcher | undefined;
  return {
    handle: async (request, options = {}) => {
      agent ??= openAgent(4, network);
      const { statusCode, headers, body } = await send(agent, {
        origin: `${request.protocol}//${request.hostname}${request.port === undefined ? '' : `:${request.port}`}`,
        path: pathOf(request),
        method: request.method as Dispatcher.HttpMethod,
        headers: request.headers,
        body: request.body as string | Uint8Array | undefined,
        signal: options.abortSignal as AbortSignal | undefined,
      });
      return { response: { statusCode, headers: joined(headers), body } };
    },
  };
}

function pathOf({ path, query }: HttpRequest): string {
  const text = query ? buildQueryString(query) : '';
  return text === '' ? path : `${path}?${text}`;
}

function joined(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : (value ?? '')]),
  );
}
