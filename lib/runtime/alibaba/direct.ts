import { RetryLater } from '../../copy/model/errors.ts';
import type { Clock, Log } from '../../copy/model/ports.ts';
import { backoff } from '../../queue/backoff.ts';
import { seal, unseal } from '../../queue/fc/envelope.ts';
import type { Invoker } from '../../queue/fc/invoke.ts';
import type { DirectMessage, DirectMessages } from '../shared/runtime.ts';

export interface DirectOptions {
  invoker: () => Promise<Pick<Invoker, 'start'>>;
  /** The function that this is. */
  ownFunction: string;
  clock: Clock;
  log: Log;
  random(): number;
}

/** Repeats of an invocation that failed, by the platform: a killed instance, a throttled API. The template asks for so many. */
export const repeats = 3;
/** Deliveries of one message; the platform repeats the last one, and then keeps it as a dead letter. */
const mostDeliveries = 20;
/** Clocks of two machines may differ by so much. */
const slackMs = 1_000;
/**
 * Longest wait inside an invocation. Function Compute 3 documents that it delays; should it not, a message for later would
 * otherwise go round and round at full speed.
 */
const longestWaitMs = 60_000;

/**
 * Messages as invocations of their own. Function Compute repeats a failed one at times of its own choice and only a few times,
 * so what must wait is sent again with its delay, and the invocation succeeds.
 */
export function directMessages({ invoker, ownFunction, clock, log, random }: DirectOptions): DirectMessages {
  const send = async (message: DirectMessage, earlier: number, delayMs: number): Promise<void> => {
    const { body, delaySeconds } = seal(message.input, { earlier, delayMs, now: clock.now() });
    await (await invoker()).start(ownFunction, body, delaySeconds);
  };
  return {
    repeats,

    read(event) {
      const { message, ...rest } = unseal(event);
      return { input: message, ...rest };
    },

    async holdBack(message, { deadline }) {
      const { notBefore = 0, due = notBefore } = message;
      const left = () => notBefore - clock.now();
      if (left() <= slackMs) return false;
      const tooSoonMs = Math.min(due, notBefore) - clock.now();
      if (tooSoonMs > slackMs) {
        log.warn('a message came before the delay that was asked for', { early: tooSoonMs });
        const untilDeadline = deadline - clock.now() - slackMs;
        await clock.sleep(Math.max(0, Math.min(tooSoonMs, longestWaitMs, untilDeadline)));
      }
      if (left() <= slackMs) return false;
      try {
        await send(message, message.earlier, left());
      } catch (error) {
        throw new RetryLater(`A message for later could not be sent on: ${String(error)}`, { cause: error });
      }
      return true;
    },

    async sendAgain(message, delayMs) {
      const earlier = message.earlier + 1;
      if (earlier >= mostDeliveries) return false;
      await send(message, earlier, Math.max(delayMs, backoff(earlier, random)));
      return true;
    },
  };
}
