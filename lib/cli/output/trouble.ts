import type { RequestInfo } from '../../store/open.ts';
import { formatCount, plural } from '../text/format.ts';

/** Answers that say we are too fast: 429, and 503 (SlowDown of S3, QpsLimitExceeded of OSS). */
const tooFast = new Set([429, 503]);

/** What the store refused for a while, and the client tried again without a word. */
export class Trouble {
  #retries = 0;
  #throttled = 0;

  note({ attempt, status }: Pick<RequestInfo, 'attempt' | 'status'>): void {
    if (attempt > 1) this.#retries += 1;
    if (status !== undefined && tooFast.has(status)) this.#throttled += 1;
  }

  texts(): string[] {
    return [
      ...(this.#retries > 0 ? [plural(this.#retries, 'retry', 'retries')] : []),
      ...(this.#throttled > 0 ? [`throttled ${formatCount(this.#throttled)}x`] : []),
    ];
  }
}
