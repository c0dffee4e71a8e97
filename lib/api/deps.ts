import type { Invocation, SendOptions, World } from '../copy/ports.ts';
import type { AddressFilter } from './addresses.ts';
import type { Resolve } from './callback-target.ts';
import type { Caller } from './callers.ts';
import type { CallbackMessage } from './callbacks.ts';
import type { Stores } from './object-url.ts';

/** Carries what is not the engine's own: at-least-once, unordered, as durable as the tasks are. */
export interface CallbackQueue {
  send(messages: CallbackMessage[], options?: SendOptions): Promise<void>;
}

/** What the API may touch; built once per process. */
export interface ApiDeps {
  world: World;
  stores: Stores;
  callers: readonly Caller[];
  /** Absent where callbacks are not configured; requests that ask for one are then refused. */
  callbacks?: { queue: CallbackQueue; isAllowed: AddressFilter; resolve: Resolve };
  /** Stands in for authentication; only for `--insecure-no-auth`. */
  everyone?: Caller;
  /** A new unique id. */
  newId(): string;
}

/** One request, after it was authenticated and its body and query were checked. */
export interface Call<Body = undefined, Query = unknown> {
  deps: ApiDeps;
  caller: Caller;
  /** From `Idempotency-Key` or the signed `webhook-id`. */
  idempotencyKey?: string;
  path: string;
  params: Record<string, string>;
  body: Body;
  query: Query;
  invocation: Invocation;
}
