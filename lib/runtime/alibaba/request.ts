/** A request of Function Compute to a custom runtime: what it asks for, and what its headers tell. */
import type { IncomingHttpHeaders } from 'node:http';
import type { PlatformContext } from '../middleware/context.ts';

/** What the platform asks of the server (www.alibabacloud.com/help/en/functioncompute/fc-3-0/user-guide/principles). */
export type Asked = 'invoke' | 'initialize' | 'pre-stop' | 'http';

const paths: Readonly<Record<string, Asked>> = {
  '/invoke': 'invoke',
  '/initialize': 'initialize',
  '/pre-stop': 'pre-stop',
  '/http-invoke': 'http',
};

/**
 * The platform names the path of its contract in `x-fc-control-path`. A request of a client may have any path, `/invoke` too, and
 * always comes with `/http-invoke` there; only where the header is missing does the path itself tell.
 */
export function askedBy(url: string, headers: IncomingHttpHeaders): Asked {
  const control = textOf(headers, 'control-path');
  return paths[control ?? url] ?? 'http';
}

/**
 * @param receivedAt epoch milliseconds: the time of the invocation runs from here on
 * @param timeoutSeconds of the function, for a platform that does not tell it in the request
 */
export function contextOf(
  headers: IncomingHttpHeaders,
  receivedAt: number,
  timeoutSeconds: number,
  now: () => number = Date.now,
): PlatformContext {
  const timeout = positive(textOf(headers, 'function-timeout')) ?? timeoutSeconds;
  const deadline = receivedAt + timeout * 1000;
  return {
    requestId: textOf(headers, 'request-id'),
    getRemainingTimeInMillis: () => Math.max(0, deadline - now()),
    function: { timeout },
    retryCount: positive(textOf(headers, 'retry-count')) ?? 0,
    credentials: {
      accessKeyId: textOf(headers, 'access-key-id'),
      accessKeySecret: textOf(headers, 'access-key-secret'),
      securityToken: textOf(headers, 'security-token'),
    },
  };
}

/**
 * The request of a client as an event of payload format 2.0, which keeps the path and the query as they came. Without the
 * platform's own headers: they hold the credentials of the function's role.
 */
export function httpEventOf(method: string, url: string, headers: IncomingHttpHeaders, body: Buffer): object {
  const at = url.indexOf('?');
  const [path, query] = at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
  const own = Object.entries(headers).filter(([name]) => !name.startsWith('x-fc-'));
  return {
    version: '2.0',
    rawPath: path,
    rawQueryString: query,
    headers: Object.fromEntries(own.map(([name, value]) => [name, [value].flat().join(',')])),
    requestContext: { http: { method, path, sourceIp: textOf(headers, 'client-ip') } },
    body: body.toString('base64'),
    isBase64Encoded: true,
  };
}

function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  return [headers[`x-fc-${name}`]].flat()[0] || undefined;
}

/** A whole number above zero. */
function positive(text: string | undefined): number | undefined {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
