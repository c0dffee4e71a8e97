import type { ApiMessage } from '../../api/model/message.ts';
import type { Task } from '../../copy/model/task.ts';
import type { DeadLetter } from '../../queue/durable.ts';
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
