import { authenticate } from '../../api/callers/authenticate.ts';
import type { ApiRequest, ApiResponse } from '../../api/http/http.ts';
import { emptyResponse, jsonResponse } from '../../api/http/http.ts';
import { Problem } from '../../api/http/problem.ts';
import { gaveUp } from '../../copy/model/errors.ts';
import type { Log } from '../../copy/model/ports.ts';
import type { Dropped, ObjectEvent } from '../../replicate/events/event.ts';
import { readEvents } from '../../replicate/events/read.ts';
import type { AdmissionParts } from './admission.ts';
import { isKnownToken, tokenIn } from './admission.ts';
import type { SnsParts } from './sns-subscription.ts';
import { confirmSubscription } from './sns-subscription.ts';

/** What a store has posted: the events that were read from it, or the text of what no store is known to send. */
export type PostedEvent = { kind: 'events'; events: ObjectEvent[] } | { kind: 'posted'; body: string };

export interface EventParts extends AdmissionParts {
  /** On the disk when it resolves. */
  keep(event: PostedEvent): Promise<void>;
  /** Whether a body of so many bytes that no store is known to send can still be kept; absent: always. */
  hasRoom?(bytes: number): boolean;
  /** Told of what a post held besides events that are kept. */
  skipped?(dropped: Dropped): void;
  sns?: SnsParts;
  log?: Log;
}

/**
 * Takes what a store posts: the answer is only given once it is on the disk. What no store is known to send is refused, and
 * kept all the same, as a dead letter.
 *
 * @throws Problem, CopyError
 */
export async function postEvent(parts: EventParts, request: ApiRequest): Promise<ApiResponse> {
  const allow = 'OPTIONS, POST';
  if (request.method === 'OPTIONS') return emptyResponse(204, { allow });
  if (request.method !== 'POST')
    throw new Problem('method-not-allowed', 'Events are sent by POST.', { headers: { allow } });
  requireSender(parts, request);
  const body = Buffer.from(request.body).toString('utf8');
  const topic = await confirmed(parts, body);
  if (topic !== undefined) return jsonResponse(200, { confirmed: topic });
  try {
    const { events, dropped, refused } = readEvents(body);
    if (refused) throw refused;
    if (events.length > 0) await parts.keep({ kind: 'events', events });
    parts.skipped?.(dropped);
    const skipped = Object.fromEntries(Object.entries(dropped).filter(([, count]) => count > 0));
    return jsonResponse(202, { accepted: events.length, ...(Object.keys(skipped).length > 0 && { skipped }) });
  } catch (error) {
    if (!gaveUp(error, 'BadRequest')) throw error;
    if (parts.hasRoom?.(request.body.byteLength) === false) {
      throw new Problem(
        'retry-later',
        `No store is known to send this (${error.message}), and it is not kept: the dead letters have reached their limit. ` +
          'Look at them with `ferry dead list`, then redrive or drop them.',
      );
    }
    await parts.keep({ kind: 'posted', body });
    throw new Problem(
      'invalid',
      `No store is known to send this (${error.message}); it is kept among the dead letters.`,
    );
  }
}

/** The topic whose subscription was confirmed just now. What fails leaves a dead letter, which says what to do. */
async function confirmed({ sns, clock, log }: EventParts, body: string): Promise<string | undefined> {
  if (!sns) return undefined;
  try {
    const topic = await confirmSubscription(sns, clock, body);
    if (topic !== undefined) log?.info('confirmed the subscription of an SNS topic', { topic });
    return topic;
  } catch (error) {
    log?.error('a subscription of an SNS topic was not confirmed', { error: String(error) });
    return undefined;
  }
}

/** A token in the path, for stores that send no header of ours; a key or a signature otherwise. */
function requireSender({ callers, everyone, tokenDigests, clock }: EventParts, request: ApiRequest): void {
  if (everyone) return;
  const token = tokenIn(request.path);
  if (token === undefined) {
    if (request.path !== '/events') throw new Problem('not-found', 'Events are posted to /events or /events/TOKEN.');
    const { caller } = authenticate(callers, request, clock.now());
    if (!caller.policy.postsEvents) throw new Problem('forbidden', `Caller "${caller.name}" may not post events.`);
    return;
  }
  if (!isKnownToken(tokenDigests, token)) throw new Problem('unauthorized', 'The token in the path is not known here.');
}
