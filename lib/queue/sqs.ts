import { ChangeMessageVisibilityCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import type { SendMessageBatchRequestEntry, SQSClient } from '@aws-sdk/client-sqs';
import { RetryLater } from '../copy/model/errors.ts';
import type { Clock, SendOptions } from '../copy/model/ports.ts';
import type { Task } from '../copy/model/task.ts';

/** SQS takes no more than this in one call. */
const batchSize = 10;
/** Largest batch, bytes of all bodies together. */
const batchBytes = 256 * 1024;
/** SQS delays a message by at most 15 minutes and hides it for at most 12 hours. */
const maxDelaySeconds = 900;
const maxVisibilitySeconds = 43_200;
const maxTries = 5;

export interface SqsQueueOptions<Message extends { kind: string } = Task> {
  client: SQSClient;
  /** Queue URL by kind: parts have a queue of their own, with their own concurrency. */
  urls: Record<Message['kind'], string>;
  clock: Clock;
  random(): number;
}

/**
 * Tasks, or the messages of the API, on SQS: at least once, unordered. A batch may fail for some of its entries only; those
 * are sent again.
 */
export class SqsQueue<Message extends { kind: string } = Task> {
  readonly #options: SqsQueueOptions<Message>;

  constructor(options: SqsQueueOptions<Message>) {
    this.#options = options;
  }

  async send(messages: Message[], { delayMs = 0 }: SendOptions = {}): Promise<void> {
    const DelaySeconds = Math.min(maxDelaySeconds, Math.ceil(delayMs / 1000));
    for (const [url, ofQueue] of this.#byQueue(messages)) {
      for (const batch of batches(ofQueue)) {
        const entries = batch.map((MessageBody, i) => ({ Id: String(i), MessageBody, DelaySeconds }));
        await this.#sendBatch(url, entries);
      }
    }
  }

  #byQueue(messages: Message[]): Map<string, string[]> {
    const queues = new Map<string, string[]>();
    for (const message of messages) {
      const url = this.#options.urls[message.kind as Message['kind']];
      const bodies = queues.get(url) ?? [];
      bodies.push(JSON.stringify(message));
      queues.set(url, bodies);
    }
    return queues;
  }

  async #sendBatch(QueueUrl: string, entries: SendMessageBatchRequestEntry[]): Promise<void> {
    const { client, clock, random } = this.#options;
    let left = entries;
    for (let attempt = 1; ; attempt += 1) {
      const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: left }));
      if (Failed.length === 0) return;
      if (attempt >= maxTries || Failed.some((failure) => failure.SenderFault)) {
        const why = Failed.map(({ Code, Message }) => `${Code}: ${Message ?? ''}`).join('; ');
        throw new RetryLater(`${Failed.length} of ${entries.length} messages were not accepted by the queue (${why}).`);
      }
      const failed = new Set(Failed.map((failure) => failure.Id));
      left = left.filter((entry) => failed.has(entry.Id));
      await clock.sleep(random() * 100 * 2 ** attempt);
    }
  }
}

/** Groups bodies so that each batch keeps both limits of one call. */
function batches(bodies: string[]): string[][] {
  const result: string[][] = [];
  let bytes = 0;
  for (const body of bodies) {
    const size = Buffer.byteLength(body);
    const open = result.at(-1);
    if (open && open.length < batchSize && bytes + size <= batchBytes) {
      open.push(body);
      bytes += size;
    } else {
      result.push([body]);
      bytes = size;
    }
  }
  return result;
}

/** Brings a message back after `delayMs` instead of the queue's own visibility timeout. */
export async function hideMessage(
  client: SQSClient,
  QueueUrl: string,
  ReceiptHandle: string,
  delayMs: number,
): Promise<void> {
  const VisibilityTimeout = Math.min(maxVisibilitySeconds, Math.max(0, Math.ceil(delayMs / 1000)));
  await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));
}
