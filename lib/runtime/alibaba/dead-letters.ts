/** The dead letters of the stack on Alibaba Cloud: what Function Compute keeps of a message that failed for good, in an SMQ queue. */
import { GiveUp } from '../../copy/model/errors.ts';
import { unseal } from '../../queue/fc/envelope.ts';
import type { Invoker } from '../../queue/fc/invoke.ts';
import type { SmqMessage, SmqQueue } from './smq.ts';

/** The queue that holds them. */
export type Letters = Pick<SmqQueue, 'receive' | 'release' | 'delete'>;

export interface DeadLetter {
  id: string;
  /** Epoch milliseconds. */
  deadAt: number;
  /** Absent when the message is not from Function Compute. */
  function?: string;
  /** Deliveries that the platform counted. */
  attempts?: number;
  reason: string;
  /** What the function was started with, without the envelope that counts its deliveries. */
  message: unknown;
}

/** What a destination on failure gets; www.alibabacloud.com/help/en/functioncompute/fc-3-0/user-guide/result-callback. */
interface Failure {
  requestContext?: { functionArn?: string; condition?: string; approximateInvokeCount?: number };
  requestPayload?: unknown;
  responseContext?: { functionError?: string };
  responsePayload?: unknown;
}

/** Calls `see` for every letter once; those for which it does not say `gone` can be received again at once. */
async function forEachLetter(
  queue: Letters,
  see: (letter: DeadLetter, message: SmqMessage) => Promise<'gone' | 'kept'>,
): Promise<void> {
  const seen = new Set<string>();
  const kept: SmqMessage[] = [];
  try {
    for (;;) {
      const messages = await queue.receive();
      // Those of the beginning are visible again when the rest has taken long.
      const fresh = messages.filter(({ id }) => !seen.has(id));
      kept.push(...messages.filter(({ id }) => seen.has(id)));
      if (fresh.length === 0) return;
      for (const message of fresh) {
        seen.add(message.id);
        kept.push(message);
        if ((await see(letterOf(message), message)) === 'gone') kept.pop();
      }
    }
  } finally {
    // One that cannot be released comes back by itself when the queue's visibility timeout has passed.
    await Promise.allSettled(kept.map((message) => queue.release(message)));
  }
}

/** Receives every letter, and lets it be received again. */
export async function listLetters(queue: Letters, show: (letter: DeadLetter) => Promise<void>): Promise<void> {
  await forEachLetter(queue, async (letter) => {
    await show(letter);
    return 'kept';
  });
}

/** Deletes letters for good: those with these ids, or all. Returns how many. */
export async function dropLetters(queue: Letters, ids: readonly string[] | undefined): Promise<number> {
  let count = 0;
  await forEachLetter(queue, async ({ id }, message) => {
    if (ids && !ids.includes(id)) return 'kept';
    await queue.delete(message);
    count += 1;
    return 'gone';
  });
  return count;
}

/**
 * Starts the function of each letter with its message, all deliveries before it, and then deletes the letter: one that is
 * redriven twice does no harm. Returns how many.
 *
 * @throws GiveUp BadRequest for a chosen letter that names no function, which stays; what the invoker throws.
 */
export async function redriveLetters(
  queue: Letters,
  invoker: Pick<Invoker, 'start'>,
  ids: readonly string[] | undefined,
): Promise<number> {
  let count = 0;
  const strange: string[] = [];
  await forEachLetter(queue, async (letter, message) => {
    if (ids && !ids.includes(letter.id)) return 'kept';
    if (letter.function === undefined) {
      strange.push(letter.id);
      return 'kept';
    }
    const { message: input } = letter;
    await invoker.start(letter.function, typeof input === 'string' ? input : JSON.stringify(input));
    await queue.delete(message);
    count += 1;
    return 'gone';
  });
  if (strange.length > 0) {
    throw new GiveUp(
      'BadRequest',
      `${count} sent again; these letters name no function, and stay: ${strange.join(', ')}. Look at them with "ferry dead list".`,
    );
  }
  return count;
}

function letterOf({ id, body, sentAt }: SmqMessage): DeadLetter {
  const failure = parsed(body);
  if (failure === undefined) return { id, deadAt: sentAt, reason: 'not from Function Compute', message: body };
  const { requestContext = {}, requestPayload, responseContext = {}, responsePayload } = failure;
  const name = /functions\/([^/]+)/.exec(requestContext.functionArn ?? '')?.[1];
  const attempts = requestContext.approximateInvokeCount;
  return {
    id,
    deadAt: sentAt,
    ...(name !== undefined && { function: name }),
    ...(attempts !== undefined && { attempts }),
    reason: reasonOf(responsePayload) ?? responseContext.functionError ?? requestContext.condition ?? 'no reason given',
    message: unseal(requestPayload).message,
  };
}

/** JSON, or JSON in Base64 as the SDKs of SMQ send it; undefined for anything else. */
function parsed(body: string): Failure | undefined {
  for (const text of [body, Buffer.from(body, 'base64').toString('utf8')]) {
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null && 'requestContext' in value) return value as Failure;
    } catch {
      // The other reading, or none.
    }
  }
  return undefined;
}

/** Our own runtime answers a failure with `errorMessage`; others with text. */
function reasonOf(payload: unknown): string | undefined {
  if (payload === undefined || payload === null) return undefined;
  if (typeof payload !== 'string') return JSON.stringify(payload);
  try {
    const { errorMessage } = JSON.parse(payload) as { errorMessage?: unknown };
    if (typeof errorMessage === 'string') return errorMessage;
  } catch {
    // Text.
  }
  return payload === '' ? undefined : payload;
}
