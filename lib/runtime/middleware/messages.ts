import { RetryLater } from '../../copy/model/errors.ts';
import type { QueueMessage, Runtime } from '../shared/runtime.ts';
import type { Middleware } from './context.ts';

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
}

/**
 * Gives the handler the messages of the event as deliveries; it returns how each of them ended. Of the messages of a queue,
 * those that failed are reported and come again, and the others are not repeated for them; what fails for good ends in the
 * queue's dead letters. A direct invocation is one delivery: it returns what its handler returns, and throws what it throws.
 */
export function eachMessage(): Middleware {
  return {
    before: (request) => {
      const { event, context, internal } = request;
      const messages = queueMessages(event);
      (internal as Internal).messages = messages;
      const direct: Delivery = { input: event, attempt: 1 };
      request.event = messages?.map((message) => deliveryOf(context.runtime, message)) ?? [direct];
    },
    after: (request) => {
      const ended = request.response as PromiseSettledResult<unknown>[];
      const { messages } = request.internal as Internal;
      request.response = messages ? answerOf(messages, ended) : valueOf(ended[0]);
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
