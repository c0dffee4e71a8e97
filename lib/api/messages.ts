import type { Invocation } from '../copy/ports.ts';
import type { CallbackDeps } from './callbacks.ts';
import { deliverCallback } from './callbacks.ts';
import type { ApiDeps, ApiMessage } from './deps.ts';
import { renamePrefix } from './rename-prefix.ts';

/** Everything that requests and messages need, as a runtime builds it. */
export type ApiRuntime = ApiDeps & CallbackDeps;

/** Whether a message is the API's, as opposed to a task of the engine. */
export function isApiMessage(message: { kind: string }): message is ApiMessage {
  return message.kind === 'callback' || message.kind === 'event' || message.kind === 'rename-prefix';
}

/**
 * Does what one of the API's messages asks for. Safe to repeat.
 * @throws GiveUp for a callback that nobody will accept; RetryLater when a store or the state table is not there now.
 */
export async function handleMessage(deps: ApiRuntime, message: ApiMessage, invocation: Invocation): Promise<void> {
  if (message.kind === 'rename-prefix') return renamePrefix(deps, message, invocation);
  return deliverCallback(deps, message);
}
