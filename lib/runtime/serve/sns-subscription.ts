/** Subscriptions of SNS topics to `/events/TOKEN`: SNS sends no event before one of its messages was answered by a GET. */
import type { Clock } from '../../copy/model/ports.ts';
import { parsed, isObject } from '../../replicate/events/json.ts';
import { subscriptionMessage } from '../../replicate/events/sns.ts';
import type { SnsMessage } from './sns-signature.ts';
import { snsUrl, verifySnsMessage } from './sns-signature.ts';

export interface SnsParts {
  /** ARNs of the topics that may be confirmed. */
  topics: readonly string[];
  /** GET of a page of SNS; its body. @throws Error without an answer of status 200. */
  read(url: URL): Promise<string>;
}

/**
 * Confirms a subscription that SNS asks about, if its topic is listed, its signature right and its URL the vendor's.
 *
 * @returns the topic; undefined for a message that is not to be confirmed
 * @throws GiveUp BadRequest for a listed topic whose message cannot be trusted; Error when SNS cannot be reached.
 */
export async function confirmSubscription(sns: SnsParts, clock: Clock, body: string): Promise<string | undefined> {
  const message = parsed(body);
  if (!isObject(message) || subscriptionMessage(message) !== 'SubscriptionConfirmation') return undefined;
  const texts = Object.fromEntries(Object.entries(message).filter(([, value]) => typeof value === 'string'));
  const { TopicArn = '', SubscribeURL = '' } = texts as SnsMessage;
  if (!sns.topics.includes(TopicArn)) return undefined;
  const url = snsUrl(SubscribeURL, TopicArn);
  const asks = url?.searchParams;
  if (!url || asks?.get('Action') !== 'ConfirmSubscription' || asks.get('TopicArn') !== TopicArn) return undefined;
  await verifySnsMessage(texts as SnsMessage, clock.now(), (at) => sns.read(at));
  await sns.read(url);
  return TopicArn;
}

/** From connecting to the end of the answer, milliseconds; and the most that is read of it. */
const timeoutMs = 10_000;
const maxBytes = 64 * 1024;

/** The `read` of `SnsParts` over HTTPS; follows no redirect. */
export async function readPage(url: URL): Promise<string> {
  const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
  if (answer.status !== 200 || !answer.body) throw new Error(`${url.hostname} answered ${answer.status}`);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new Error(`${url.hostname} answered with more than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
