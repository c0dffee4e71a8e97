import type { BatchWorld } from '../batch/batch.ts';
import type { StoreAddress } from '../copy/object.ts';
import type { Invocation, SendOptions, World } from '../copy/ports.ts';
import type { AddressFilter } from './addresses.ts';
import type { Resolve } from './callback-target.ts';
import type { Caller } from './callers.ts';
import type { CallbackMessage } from './callbacks.ts';
import type { Stores } from './object-url.ts';
import type { RenamePrefixMessage } from './rename-prefix.ts';

/** What the API sends besides the engine's tasks; told from those by its `kind`. */
export type ApiMessage = CallbackMessage | RenamePrefixMessage;

/** At-least-once, unordered, and durable: nothing else could rebuild what is lost here. */
export interface MessageQueue {
  send(messages: ApiMessage[], options?: SendOptions): Promise<void>;
}

/** Keys in the order of their UTF-8 bytes; fewer than `limit` only at the end. */
export type ListKeys = (
  store: StoreAddress,
  bucket: string,
  query: { prefix: string; startAfter?: string; limit: number; deadline: number },
) => Promise<string[]>;

/** What the API may touch; built once per process. */
export interface ApiDeps {
  world: World;
  stores: Stores;
  callers: readonly Caller[];
  messages: MessageQueue;
  listKeys: ListKeys;
  /** Which addresses callers may be called back at. */
  isAllowed: AddressFilter;
  resolve: Resolve;
  /** For requests about many objects. */
  batches: BatchWorld;
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
