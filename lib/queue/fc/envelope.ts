/** What an asynchronous invocation of a function of ours carries: a message, and what has to be known of its deliveries. */

/** Function Compute delays an invocation by at most one hour (`x-fc-async-delay`). */
export const longestDelayMs = 3_600_000;

/** Bytes of the payload of an asynchronous invocation; a fixed limit of Function Compute. */
export const longestBody = 128 * 1024;

export interface Delivery {
  message: unknown;
  /** Deliveries before this one. */
  earlier: number;
  /** Epoch milliseconds before which nothing may be done about it. */
  notBefore?: number;
  /** When this delivery was asked for: `notBefore`, or the end of the longest delay where that is further away. */
  due?: number;
}

/** Says that this is not an event of another service. */
const marked = 'objectFerry';

/**
 * @param delayMs from `now` on
 * @returns the payload, and the whole seconds by which the platform should delay it
 */
export function seal(
  message: unknown,
  { earlier = 0, delayMs = 0, now }: { earlier?: number; delayMs?: number; now: number },
): { body: string; delaySeconds: number } {
  const hopMs = Math.min(Math.max(0, delayMs), longestDelayMs);
  const times = delayMs > 0 && { notBefore: now + delayMs, due: now + hopMs };
  return {
    body: JSON.stringify({ [marked]: 1, earlier, ...times, message }),
    delaySeconds: Math.ceil(hopMs / 1000),
  };
}

/** What was sealed; an event of another service is a message that was never delivered before. */
export function unseal(event: unknown): Delivery {
  const value = event instanceof Uint8Array || typeof event === 'string' ? fromJson(event) : event;
  if (typeof value !== 'object' || value === null || !(marked in value)) return { message: value, earlier: 0 };
  const { message, earlier, notBefore, due } = value as Record<string, unknown>;
  return { message, earlier: timeOf(earlier) ?? 0, notBefore: timeOf(notBefore), due: timeOf(due) };
}

/** Text that is no JSON stays text, so that the function can say what it got. */
function fromJson(event: string | Uint8Array): unknown {
  const text = typeof event === 'string' ? event : Buffer.from(event).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function timeOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
