import { RetryLater } from '../../copy/model/errors.ts';
import type { QueueMessage, Runtime } from '../shared/runtime.ts';
import type { FerryContext, Middleware } from './context.ts';

/** One message of a queue, or a whole direct invocation. */
export interface Delivery {
  /** Bytes, text or an object. */
  input: unknown;
  /** How often it was delivered, this time included. */
  attempt: number;
  /** To be called as soon as it failed: the others may take long. */
  failed?(error: unknown): Promise<void>;
}

/** SQS's answer to a batch with `ReportBatchItemFailures`: these come again, the others are done. */
export interface BatchAnswer {
  batchItemFailures: { itemIdentifier: string }[];
}

interface Internal {
  /** Absent: the invocation is a direct one. */
  messages?: QueueMessage[];
  /** The direct message goes on in an invocation of its own. */
  sentAgain?: boolean;
}

/** The answer to a direct message that another invocation goes on with. */
export interface SentAgain {
  sentAgain: true;
}

/**
 * Gives the handler the messages of the event as deliveries; it returns how each of them ended. Of the messages of a queue,
 * those that failed are reported and come again, and the others are not repeated for them; what fails for good ends in the
 * queue's dead letters. A direct invocation is one delivery: it returns what its handler returns, and throws what it throws,
 * unless the platform's own messages can be sent again for later.
 */
export function eachMessage(): Middleware {
  return {
    before: async (request) => {
      const { event, context } = request;
      const internal = request.internal as Internal;
      const messages = queueMessages(event);
      internal.messages = messages;
      request.event =
        messages?.map((message) => deliveryOf(context.runtime, message)) ??
        (await directDeliveries(event, context, internal));
    },
    after: (request) => {
      const ended = request.response as PromiseSettledResult<unknown>[];
      const { messages, sentAgain } = request.internal as Internal;
      if (messages) request.response = answerOf(messages, ended);
      else request.response = sentAgain ? ({ sentAgain } satisfies SentAgain) : valueOf(ended[0]);
    },
  };
}

/** Handles all deliveries at once; none is repeated because another one failed. */
export async function settleEach<Result>(
  deliveries: readonly Delivery[],
  handle: (delivery: Delivery) => Promise<Result>,
): Promise<PromiseSettledResult<Result>[]> {
  return await Promise.allSettled(
    deliveries.map(async (delivery) => {
      try {
        return await handle(delivery);
      } catch (error) {
        await delivery.failed?.(error);
        throw error;
      }
    }),
  );
}

function deliveryOf(runtime: Runtime, message: QueueMessage): Delivery {
  return {
    input: message.body,
    attempt: attemptOf(message),
    failed: (error) => comeAgain(runtime, message, error),
  };
}

/** None when the message came too early and is on its way again. */
async function directDeliveries(event: unknown, context: FerryContext, internal: Internal): Promise<Delivery[]> {
  const { runtime, invocation } = context;
  const { direct, world } = runtime;
  if (!direct) return [{ input: event, attempt: invocation.attempt }];
  const message = direct.read(event);
  internal.sentAgain = await direct.holdBack(message, invocation);
  if (internal.sentAgain) return [];
  const failed = async (error: unknown): Promise<void> => {
    if (!(error instanceof RetryLater)) return;
    try {
      internal.sentAgain = await direct.sendAgain(message, error.delayMs);
      if (internal.sentAgain) world.log.info('a message comes again later', { reason: error.message });
      // By these words the alert finds it (deploy/alibaba/watch.ts).
      else world.log.error('a message has used up its deliveries', { reason: error.message });
    } catch (failure) {
      // The platform repeats the invocation, or keeps it.
      world.log.warn('a message could not be sent again', { error: String(failure) });
    }
  };
  return [{ input: message.input, attempt: message.earlier + invocation.attempt, failed }];
}

function valueOf(ended: PromiseSettledResult<unknown> | undefined): unknown {
  if (ended?.status === 'rejected') throw ended.reason;
  return ended?.value;
}

/** The messages of an SQS event, or of an EventBridge pipe, which hands them on as a bare array; undefined for any other input. */
function queueMessages(event: unknown): QueueMessage[] | undefined {
  const records = Array.isArray(event) ? event : (event as { Records?: unknown } | null | undefined)?.Records;
  if (!Array.isArray(records)) return undefined;
  const isMessage = (record: { eventSource?: unknown } | null): boolean => record?.eventSource === 'aws:sqs';
  return records.length > 0 && records.every(isMessage) ? (records as QueueMessage[]) : undefined;
}

function answerOf(messages: readonly QueueMessage[], ended: readonly PromiseSettledResult<unknown>[]): BatchAnswer {
  const failed = messages.filter((_, n) => ended[n]?.status !== 'fulfilled');
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

/** Coming back too early only costs an invocation. */
async function comeAgain({ world, postpone }: Runtime, message: QueueMessage, error: unknown): Promise<void> {
  const { messageId } = message;
  if (!(error instanceof RetryLater)) {
    world.log.error('a message failed', { messageId, error: String(error) });
    return;
  }
  world.log.info('a message comes again later', { messageId, reason: error.message });
  try {
    await postpone?.(message, error.delayMs);
  } catch (failure) {
    world.log.warn('a message could not be kept back', { messageId, error: String(failure) });
  }
}

/** How often this message was delivered, this time included. */
export function attemptOf(message: QueueMessage): number {
  const count = Number(message.attributes?.ApproximateReceiveCount);
  return Number.isInteger(count) && count > 0 ? count : 1;
}
