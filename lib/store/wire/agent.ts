import type { Dispatcher } from 'undici';
import connectMethod from 'undici/lib/api/api-connect.js';
import request from 'undici/lib/api/api-request.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import type { Network } from '../../profiles/network.ts';

/** Milliseconds. */
const timeout = 10_000;

/** A proxy elsewhere cannot reach these, and none is needed. */
const thisMachine = ['localhost', '127.0.0.1', '[::1]'];

/** A keep-alive pool per origin; by way of proxies where `network` names some. */
export function openAgent(connections: number, { httpProxy, httpsProxy, noProxy, ca }: Network = {}): Dispatcher {
  const connect = ca ? { timeout, ca } : { timeout };
  const options = { connect, connections, pipelining: 1 };
  if (httpProxy === undefined && httpsProxy === undefined) return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    // What is absent would be read from the environment of the process.
    httpProxy: httpProxy ?? '',
    httpsProxy: httpsProxy ?? '',
    noProxy: noProxy === '*' ? noProxy : [noProxy, ...thisMachine].filter(Boolean).join(','),
    // A proxy that lets CONNECT through to any port is rare: `http:` is asked for by its whole URL.
    proxyTunnel: false,
    // Undici's own index gives every dispatcher its methods; the proxy agent needs this one.
    clientFactory: (origin, poolOptions) => Object.assign(new Pool(origin, poolOptions), { connect: connectMethod }),
    requestTls: connect,
    proxyTls: connect,
  });
}

/** Sends one request and resolves when the headers of its answer are there. */
export function send(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions & { signal?: AbortSignal },
): Promise<Dispatcher.ResponseData> {
  return request.call(dispatcher, options);
}
