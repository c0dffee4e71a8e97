import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { addressFilter } from '../../api/callbacks/addresses.ts';
import type { GateLimits } from '../../api/callbacks/gate.ts';
import { CallbackGate, gateLimits } from '../../api/callbacks/gate.ts';
import { post } from '../../api/callbacks/post.ts';
import type { Caller } from '../../api/callers/callers.ts';
import { anyone, callerFrom } from '../../api/callers/callers.ts';
import type { MessageQueue } from '../../api/model/message.ts';
import type { ApiRuntime } from '../../api/run-message.ts';
import type { BatchWorld } from '../../batch/index.ts';
import type { ServeConfig } from '../../config/file.ts';
import { isLoopback } from '../../config/file.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { World } from '../../copy/model/ports.ts';

/**
 * The caller assumed for every request when authentication is off; undefined when callers are configured.
 * @throws GiveUp BadRequest if no caller is configured, or if an unauthenticated server would listen on a public address.
 */
export function everyoneOf(
  { callers, eventTokens, host }: Pick<ServeConfig, 'callers' | 'eventTokens' | 'host'>,
  insecureNoAuth = false,
): Caller | undefined {
  if (!insecureNoAuth) {
    if (callers.length + eventTokens.length > 0) return undefined;
    const hint = 'Add callers to the configuration, or try it on this machine with --insecure-no-auth.';
    throw new GiveUp('BadRequest', `No callers or event tokens are configured. ${hint}`);
  }
  if (!isLoopback(host)) {
    throw new GiveUp('BadRequest', `--insecure-no-auth is only for a loopback address, not for ${host}.`);
  }
  if (callers.length + eventTokens.length > 0) {
    throw new GiveUp('BadRequest', '--insecure-no-auth contradicts the callers or event tokens in the configuration.');
  }
  return anyone;
}

/** What requests and messages need, from the configuration file and the adapters of the platform. */
export function apiRuntime(
  config: ServeConfig,
  { world, batches, messages }: { world: World; batches: BatchWorld; messages: MessageQueue },
  everyone: Caller | undefined,
): ApiRuntime {
  return {
    world,
    batches,
    messages,
    everyone,
    isAllowed: addressFilter(config.callbacks.allowAddresses),
    stores: config.stores,
    callers: config.callers.map(callerFrom),
    source: config.source,
    hook: config.lifecycle,
    send: post,
    gate: new CallbackGate(() => world.clock.now(), gateFor(world.settings.concurrency)),
    newId: randomUUID,
    resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  };
}

/** At least half of the workers are never with a callback. */
function gateFor(workers: number): GateLimits {
  return { ...gateLimits, together: Math.max(1, Math.min(gateLimits.together, Math.floor(workers / 2))) };
}
