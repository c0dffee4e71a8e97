const firstMs = 500;
const longestMs = 30_000;

/**
 * How long to wait before delivery `attempt + 1`, milliseconds: full jitter under a doubling ceiling, so that tasks which
 * failed together do not come back together.
 */
export function backoff(attempt: number, random: () => number): number {
  return Math.ceil(random() * Math.min(longestMs, firstMs * 2 ** (attempt - 1)));
}
