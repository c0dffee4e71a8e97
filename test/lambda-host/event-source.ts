/**
 * Carries messages from an SQS queue to a function as Lambda's event source mapping does
 * (docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html): what the function does not report is deleted,
 * everything else comes back when its visibility timeout ends.
 */
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import type { Outcome } from './environment.ts';

export interface EventSourceOptions {
  client: SQSClient;
  url: string;
  arn: string;
  /** At most 10. */
  batchSize: number;
  maximumConcurrency: number;
  /** `ReportBatchItemFailures` is on. */
  reportsFailures: boolean;
  invoke(event: unknown): Promise<Outcome>;
  /** Gets every delivery, before the function does. */
  onDelivery?: (message: Message) => void;
}

/** Seconds that Lambda's pollers wait for a message. */
const waitSeconds = 20;

export class EventSource {
  readonly #options: EventSourceOptions;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #polling: Promise<void>;
  #wake: () => void = () => {};

  constructor(options: EventSourceOptions) {
    this.#options = options;
    this.#polling = this.#poll();
  }

  /** Takes no more messages and waits for the invocations under way. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#polling;
    await Promise.all(this.#running);
  }

  async #poll(): Promise<void> {
    const { maximumConcurrency } = this.#options;
    while (!this.#stop.signal.aborted) {
      if (this.#running.size >= maximumConcurrency) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      const messages = await this.#receive();
      if (messages.length === 0) continue;
      const running = this.#deliver(messages).finally(() => {
        this.#running.delete(running);
        this.#wake();
      });
      this.#running.add(running);
    }
  }

  async #receive(): Promise<Message[]> {
    const { client, url, batchSize } = this.#options;
    const receive = new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: batchSize,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
    });
    try {
      return (await client.send(receive, { abortSignal: this.#stop.signal })).Messages ?? [];
    } catch (error) {
      if (this.#stop.signal.aborted) return [];
      throw error;
    }
  }

  async #deliver(messages: Message[]): Promise<void> {
    const { arn, invoke, onDelivery } = this.#options;
    for (const message of messages) onDelivery?.(message);
    const Records = messages.map((message) => ({
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes,
      messageAttributes: {},
      md5OfBody: message.MD5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: arn,
      awsRegion: arn.split(':')[3],
    }));
    const outcome = await invoke({ Records });
    const failed = this.#failedOf(outcome, messages);
    await this.#delete(messages.filter(({ MessageId }) => !failed.has(MessageId)));
  }

  /** Identifiers of what comes back. An answer that names an unknown message, or is none, fails the whole batch. */
  #failedOf(outcome: Outcome, messages: Message[]): Set<string | undefined> {
    const all = new Set(messages.map(({ MessageId }) => MessageId));
    if ('failed' in outcome) return all;
    if (!this.#options.reportsFailures) return new Set();
    const { batchItemFailures } = (outcome.answer ?? {}) as {
      batchItemFailures?: { itemIdentifier?: string }[] | null;
    };
    const failed = new Set((batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier));
    return [...failed].every((id) => all.has(id)) ? failed : all;
  }

  async #delete(messages: Message[]): Promise<void> {
    if (messages.length === 0) return;
    const { client, url } = this.#options;
    const Entries = messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
  }
}
