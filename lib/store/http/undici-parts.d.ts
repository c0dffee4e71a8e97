/**
 * Parts of undici by their own paths: loading all of it (fetch, WebSocket, caches) costs a cold start twice as much.
 * Undici 7 has no `exports` map, so the paths work as long as its version stays pinned.
 */
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';
  export default Agent;
}

declare module 'undici/lib/dispatcher/env-http-proxy-agent.js' {
  import { EnvHttpProxyAgent } from 'undici';
  export default EnvHttpProxyAgent;
}

declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici';
  export default Pool;
}

declare module 'undici/lib/api/api-connect.js' {
  import type { Dispatcher } from 'undici';
  /** To be a method of a dispatcher. */
  const connect: Dispatcher['connect'];
  export default connect;
}

declare module 'undici/lib/api/api-request.js' {
  import type { Dispatcher } from 'undici';
  /** To be called on a dispatcher. */
  const request: (
    this: Dispatcher,
    options: Dispatcher.DispatchOptions & { signal?: AbortSignal },
  ) => Promise<Dispatcher.ResponseData>;
  export default request;
}
