import { RetryLater } from '../../copy/model/errors.ts';
import type { Clock, SendOptions } from '../../copy/model/ports.ts';
import type { Task } from '../../copy/model/task.ts';
import { seal } from './envelope.ts';
import type { Invoker } from './invoke.ts';

/** Requests to the API at once: each carries one message only, and the API's rate is the account's. */
const sendsAtOnce = 16;

export interface FcQueueOptions<Message extends { kind: string } = Task> {
  invoker: Pick<Invoker, 'start'>;
  /** Function by kind: parts have a function of their own, with their own concurrency. */
  functions: Record<Message['kind'], string>;
  clock: Clock;
}

/** Tasks, or the messages of the API, as asynchronous invocations of Function Compute: at least once, unordered. */
export class FcQueue<Message extends { kind: string } = Task> {
  readonly #options: FcQueueOptions<Message>;

  constructor(options: FcQueueOptions<Message>) {
    this.#options = options;
  }

  /**
   * Tries every message, whatever becomes of the others.
   * @throws RetryLater when some were not accepted; GiveUp BadRequest when one is too large.
   */
  async send(messages: Message[], { delayMs = 0 }: SendOptions = {}): Promise<void> {
    const { invoker, functions, clock } = this.#options;
    const failures: unknown[] = [];
    const left = messages.values();
    const sender = async (): Promise<void> => {
      for (const message of left) {
        const { body, delaySeconds } = seal(message, { delayMs, now: clock.now() });
        try {
          await invoker.start(functions[message.kind as Message['kind']], body, delaySeconds);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(sendsAtOnce, messages.length) }, sender));
    if (failures.length === 0) return;
    const final = failures.find((failure) => !(failure instanceof RetryLater));
    if (final) throw final;
    const [first] = failures as RetryLater[];
    throw new RetryLater(`${failures.length} of ${messages.length} messages were not sent. ${first?.message}`, {
      throttled: first?.throttled,
      cause: first,
    });
  }
}
