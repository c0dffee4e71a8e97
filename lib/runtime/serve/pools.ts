import type { ApiMessage } from '../../api/model/message.ts';
import type { Invocation, Log, World } from '../../copy/model/ports.ts';
import { WorkerPool } from '../../queue/worker-pool.ts';
import type { PlatformContext } from '../shared/invocation.ts';
import type { PostedEvent } from './post-event.ts';
import type { Queues } from './queues.ts';

/** A function of the clouds, given the runtime of this process. */
export type Handler<Answer> = (event: unknown, context: PlatformContext) => Promise<Answer>;

export interface PoolParts {
  world: World;
  log: Log;
  queues: Queues;
  /** Names this process. */
  holder: string;
  /** Something is more urgent just now. */
  isBusy(): boolean;
}

export interface Pools {
  events: WorkerPool<PostedEvent>;
  messages: WorkerPool<ApiMessage>;
}

/** Deliveries of an event: with waits of up to half a minute, a store may be away for about an hour. */
const maxAttempts = 200;

/** How long one event, or one step of a prefix, may take, milliseconds. */
const invocationMs = 900_000;

/** Workers that hand what was kept on the disk to the functions. */
export function openPools(
  { world, log, queues, holder, isBusy }: PoolParts,
  handlers: { objectCreated: Handler<unknown>; work: Handler<unknown> },
): Pools {
  const { clock, random, settings } = world;
  const capacity = () => (isBusy() ? 1 : settings.concurrency);
  const common = { clock, random, log, maxAttempts, invocationMs, capacity, pollMs: 1_000 };
  const contextOf = ({ id, deadline }: Invocation): PlatformContext => ({
    awsRequestId: id,
    getRemainingTimeInMillis: () => deadline - clock.now(),
  });
  return {
    events: new WorkerPool({
      ...common,
      inbox: queues.events,
      holder: `${holder}/events`,
      handle: async ({ body }, invocation) => void (await handlers.objectCreated(body, contextOf(invocation))),
    }),
    messages: new WorkerPool({
      ...common,
      inbox: queues.messages,
      holder: `${holder}/messages`,
      handle: async (message, invocation) => void (await handlers.work(message, contextOf(invocation))),
    }),
  };
}
