import type { ApiMessage } from '../../api/model/message.ts';
import type { Log } from '../../copy/model/ports.ts';
import { WorkerPool } from '../../queue/worker-pool.ts';
import { readEvents } from '../../replicate/events/read.ts';
import { replicateEvents } from '../../replicate/replicate-events.ts';
import { runQueued } from '../shared/run-queued.ts';
import type { Runtime } from '../shared/runtime.ts';
import { keepTrying } from './keep-trying.ts';
import type { PostedEvent } from './post-event.ts';
import type { Queues } from './queues.ts';

export interface PoolParts {
  runtime: Runtime;
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

/** Starts the workers on what was kept on the disk: events, and messages of the API. */
export function openPools({ runtime, log, queues, holder, isBusy }: PoolParts): Pools {
  const { world, rules } = runtime;
  const { clock, random, settings } = world;
  const capacity = () => (isBusy() ? 1 : settings.concurrency);
  const common = { clock, random, log, maxAttempts, invocationMs, capacity, pollMs: 1_000 };
  return {
    events: new WorkerPool({
      ...common,
      inbox: queues.events,
      holder: `${holder}/events`,
      handle: async (posted, invocation) => {
        // A text that no store is known to send fails here, and so becomes a dead letter; so does an event of a former version.
        const reading = posted.kind === 'events' ? posted : readEvents(posted.body);
        try {
          await replicateEvents(world, rules, reading, invocation, runtime.watch);
        } catch (error) {
          throw keepTrying(error, invocation.attempt);
        }
      },
    }),
    messages: new WorkerPool({
      ...common,
      inbox: queues.messages,
      holder: `${holder}/messages`,
      handle: async (message, invocation) => void (await runQueued(runtime, message, invocation)),
    }),
  };
}
