import type { ApiMessage } from '../../api/model/message.ts';
import type { Clock } from '../../copy/model/ports.ts';
import type { Task } from '../../copy/model/task.ts';
import type { DeadLetter } from '../../queue/dead-letters.ts';
import { DurableQueue } from '../../queue/durable.ts';
import type { Embedded } from '../embedded/open.ts';
import type { PostedEvent } from './post-event.ts';

/** Everything that is kept on the disk until it is done; `tasks` is the embedded runtime's own. */
export interface Queues {
  events: DurableQueue<PostedEvent>;
  messages: DurableQueue<ApiMessage>;
  tasks: DurableQueue<Task>;
}

export type QueueName = keyof Queues;
export type AnyDeadLetter = DeadLetter<PostedEvent | ApiMessage | Task>;

/** @param onSent after a message was put into one of our queues by this process */
export function openQueues(embedded: Embedded, onSent: (name: QueueName) => void = () => {}): Queues {
  const { database, processes, world, inbox } = embedded;
  const open = <Message>(name: 'events' | 'messages') =>
    new DurableQueue<Message>(database, {
      name,
      clock: world.clock,
      token: processes.token,
      onSent: () => onSent(name),
    });
  return { events: open('events'), messages: open('messages'), tasks: inbox };
}

/** How long a measure of the dead letters holds, milliseconds: it reads them all. */
const measureMs = 10_000;

/**
 * Whether there is room to keep a body that no store is known to send. Such bodies are dead letters from the start and any
 * sender can make them, so their place on the disk has a limit; messages that were accepted are always kept.
 *
 * @param limit bytes of all dead letters of the queue, above which there is no room
 */
export function roomForUnknown(
  queue: DurableQueue<PostedEvent>,
  clock: Clock,
  limit: number,
): (bytes: number) => boolean {
  let [measuredAt, held] = [-Infinity, 0];
  return (bytes) => {
    const age = clock.now() - measuredAt;
    if (age > measureMs || age < 0) [measuredAt, held] = [clock.now(), queue.deadBytes()];
    if (held + bytes > limit) return false;
    held += bytes;
    return true;
  };
}
