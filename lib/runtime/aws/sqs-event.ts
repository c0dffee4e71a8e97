import { RetryLater } from '../../copy/model/errors.ts';
import type { QueueMessage, Runtime } from '../shared/runtime.ts';

/** SQS's answer to a batch with `ReportBatchItemFailures`: these come again, the others are done. */
export interface BatchAnswer {
  batchItemFailures: { itemIdentifier: string }[];
}

/** The messages of an SQS event; undefined for any other input. */
export function queueMessages(event: unknown): QueueMessage[] | undefined {
  const records = (event as { Records?: unknown } | null | undefined)?.Records;
  if (!Array.isArray(records)) return undefined;
  const isMessage = (record: { eventSource?: unknown } | null): boolean => record?.eventSource === 'aws:sqs';
  return records.length > 0 && records.every(isMessage) ? (records as QueueMessage[]) : undefined;
}

/**
 * Handles each message by itself: one that fails is reported and comes again, the others are not repeated for it. What fails
 * for good ends in the queue's dead letters.
 */
export async function answerBatch(
  runtime: Runtime,
  messages: readonly QueueMessage[],
  handle: (message: QueueMessage) => Promise<void>,
): Promise<BatchAnswer> {
  const failed = await Promise.all(messages.map((message) => handleOne(runtime, message, handle)));
  return { batchItemFailures: failed.flat() };
}

async function handleOne(
  runtime: Runtime,
  message: QueueMessage,
  handle: (message: QueueMessage) => Promise<void>,
): Promise<BatchAnswer['batchItemFailures']> {
  const { log } = runtime.world;
  const { messageId } = message;
  try {
    await handle(message);
    return [];
  } catch (error) {
    if (error instanceof RetryLater) log.info('a message comes again later', { messageId, reason: error.message });
    else log.error('a message failed', { messageId, error: String(error) });
    if (error instanceof RetryLater) await postpone(runtime, message, error.delayMs);
    return [{ itemIdentifier: messageId }];
  }
}

/** Coming back too early only costs an invocation. */
async function postpone({ world, postpone: keepBack }: Runtime, message: QueueMessage, delayMs: number): Promise<void> {
  try {
    await keepBack?.(message, delayMs);
  } catch (error) {
    world.log.warn('a message could not be kept back', { messageId: message.messageId, error: String(error) });
  }
}

/** How often this message was delivered, this time included. */
export function attemptOf(message: QueueMessage): number {
  const count = Number(message.attributes?.ApproximateReceiveCount);
  return Number.isInteger(count) && count > 0 ? count : 1;
}
