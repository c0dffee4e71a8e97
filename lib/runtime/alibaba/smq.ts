/**
 * A queue of Alibaba Cloud's Simple Message Queue (formerly MNS), as far as dead letters need one: receive, make visible again,
 * delete. Protocol: www.alibabacloud.com/help/en/mns/developer-reference/request-protocol-description, version 2015-06-06.
 */
import { createHmac } from 'node:crypto';
import { GiveUp, RetryLater } from '../../copy/model/errors.ts';
import type { Element } from '../../store/wire/xml.ts';
import { readAnyXml } from '../../store/wire/xml.ts';
import type { Keys } from '../../queue/fc/sign.ts';

const version = '2015-06-06';
const timeoutMs = 20_000;
/** Messages that one call receives at most. */
const mostAtOnce = 16;

export interface SmqMessage {
  id: string;
  /** Names this reception of the message; a later one has another. */
  receipt: string;
  body: string;
  /** Epoch milliseconds. */
  sentAt: number;
}

export interface SmqOptions {
  /** Of the queue, as the template's output `DeadLetters` tells it: `https://ACCOUNT.mns.REGION.aliyuncs.com/queues/NAME`. */
  url: string;
  /** Asked before each request. */
  keys: () => Promise<Keys>;
  /** Epoch milliseconds. */
  now?: () => number;
}

export class SmqQueue {
  readonly #options: SmqOptions;
  readonly #url: URL;

  /** @throws GiveUp BadRequest for an address that is none of a queue. */
  constructor(options: SmqOptions) {
    this.#options = options;
    const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
    if (!url || !/^https?:$/.test(url.protocol) || !/^\/queues\/[^/]+$/.test(url.pathname)) {
      const example = 'https://ACCOUNT.mns.REGION.aliyuncs.com/queues/NAME';
      throw new GiveUp('BadRequest', `'${options.url}' is no address of an SMQ queue, which is like ${example}.`);
    }
    this.#url = url;
  }

  /**
   * Some messages, which no other receiver gets for the queue's visibility timeout; none when the queue is empty.
   * @throws GiveUp or RetryLater that name what the queue answered, as all methods here do.
   */
  async receive(): Promise<SmqMessage[]> {
    // Not 0: some versions of the service take that for the setting of the queue.
    const answer = await this.#call('GET', { numOfMessages: String(mostAtOnce), waitseconds: '1' });
    if (answer === undefined) return [];
    return answer.list('Message').map((message) => ({
      id: message.text('MessageId') ?? '',
      receipt: message.text('ReceiptHandle') ?? '',
      body: message.text('MessageBody') ?? '',
      sentAt: Number(message.text('EnqueueTime')),
    }));
  }

  /** Lets a message be received again at once: after the shortest time that the service knows, one second. */
  async release({ receipt }: SmqMessage): Promise<void> {
    await this.#call('PUT', { receiptHandle: receipt, visibilityTimeout: '1' });
  }

  async delete({ receipt }: SmqMessage): Promise<void> {
    await this.#call('DELETE', { ReceiptHandle: receipt });
  }

  /** Undefined for an answer without a document, and for a queue without messages. */
  async #call(method: string, query: Record<string, string>): Promise<Element | undefined> {
    const { keys, now = Date.now } = this.#options;
    const url = new URL(`${this.#url.pathname}/messages?${new URLSearchParams(query)}`, this.#url);
    const headers = signed(method, url, await keys(), now());
    const { status, text } = await answerOf(url, { method, headers });
    if (status < 300) return text.trim() === '' ? undefined : readAnyXml(text)?.element;
    const refusal = readAnyXml(text)?.element;
    const code = refusal?.text('Code') ?? '';
    if (code === 'MessageNotExist' && method === 'GET') return undefined;
    const words = [status, code, refusal?.text('Message')].filter(Boolean).join(' ');
    const what = `The queue ${this.#url.pathname.slice('/queues/'.length)} refused ${method} (${words}).`;
    if (status === 429 || status >= 500) throw new RetryLater(`${what} Try again.`);
    throw new GiveUp(status === 403 ? 'AccessDenied' : status === 404 ? 'NotFound' : 'BadRequest', what);
  }
}

async function answerOf(url: URL, request: RequestInit): Promise<{ status: number; text: string }> {
  try {
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(timeoutMs) });
    return { status: answer.status, text: await answer.text() };
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    const why = cause?.code ?? (error as Error).name;
    throw new RetryLater(
      `${url.origin} cannot be reached (${why}). Look at the address of the queue and at the network.`,
    );
  }
}

/** `MNS id:signature` over method, MD5 and type of the body, date, `x-mns-` headers and resource. */
function signed(method: string, url: URL, keys: Keys, now: number): Record<string, string> {
  const date = new Date(now).toUTCString();
  const type = 'text/xml';
  const resource = url.pathname + url.search;
  const text = [method, '', type, date, `x-mns-version:${version}`, resource].join('\n');
  const signature = createHmac('sha1', keys.accessKeySecret).update(text).digest('base64');
  return {
    date,
    'content-type': type,
    'x-mns-version': version,
    authorization: `MNS ${keys.accessKeyId}:${signature}`,
    ...(keys.securityToken && { 'security-token': keys.securityToken }),
  };
}
