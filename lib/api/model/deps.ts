import type { BatchWorld } from '../../batch/index.ts';
import type { Invocation, World } from '../../copy/model/ports.ts';
import type { Caller } from '../callers/callers.ts';
import type { Stores } from '../callers/object-url.ts';
import type { MessageQueue } from './message.ts';
import type { RuleStatus } from '../views/rule-status.ts';

/** What the API may touch; built once per process. */
export interface ApiDeps {
  world: World;
  stores: Stores;
  callers: readonly Caller[];
  messages: MessageQueue;
  /** Which addresses callers may be called back at. */
  isAllowed: AddressFilter;
  resolve: Resolve;
  /** For requests about many objects. */
  batches: BatchWorld;
  /** Stands in for authentication; only for `--insecure-no-auth`. */
  everyone?: Caller;
  /** How the replication rules stand. */
  rules?(): Promise<RuleStatus[]>;
  /** The same world, whose store requests are counted for a job. */
  forJob?(world: World, jobId: string): World;
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

/** Whether callbacks may connect to an address, given as text of either family. */
export type AddressFilter = (address: string) => boolean;

/** All addresses of a host name, as text. */
export type Resolve = (host: string) => Promise<string[]>;
