/** What became of many objects. */
import type { CopyResult } from '../../copy/model/result.ts';
import { classOf, exit } from '../process/exit.ts';
import { transferCost, wayBetween } from '../../cost/transfer-prices.ts';
import { transferText } from '../output/plan.ts';
import { formatBytes, formatDuration, formatMoney, formatRate, plural } from '../text/format.ts';

export class Tally {
  /** Objects that the listing gave and the patterns kept. */
  found = 0;
  /** Their bytes. */
  foundBytes = 0;
  /** The listing has ended: `found` is all there is. */
  listed = false;
  /** Written, or found to be as asked. */
  done = 0;
  /** Of `done`: nothing had to be written. */
  unchanged = 0;
  /** Bytes of `done`. */
  bytes = 0;
  readonly failures = new Map<string, number>();
  /** Objects by what they lost. */
  readonly losses = new Map<string, number>();
  /** What copies leave out by default. */
  readonly notKept = new Set<string>();
  /** Bytes that crossed from one region to another, by the way. */
  readonly transfers: Record<string, number> = {};

  get failed(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0);
  }

  succeed(result: Pick<CopyResult, 'way' | 'size' | 'lost' | 'notKept' | 'transfer'>): void {
    this.done++;
    this.bytes += result.size;
    if (result.way === 'unchanged') this.unchanged++;
    for (const what of result.notKept ?? []) this.notKept.add(what);
    if (result.transfer) {
      const way = wayBetween(result.transfer);
      this.transfers[way] = (this.transfers[way] ?? 0) + result.size;
    }
    for (const what of new Set(result.lost.map((loss) => loss.what))) add(this.losses, what);
  }

  fail(error: unknown): void {
    add(this.failures, classOf(error));
  }

  exitCode(): number {
    if (this.failed === 0) return exit.done;
    return this.done > 0 ? exit.someFailed : exit.failed;
  }

  /** `1,204 objects, 53.2 GiB in 3 min 20 s (272 MiB/s), 16 of them unchanged; 3 failed (2 NotFound, 1 AccessDenied)`. */
  text(seconds: number): string {
    const rate = this.bytes > 0 ? ` (${formatRate(this.bytes, seconds)})` : '';
    const unchanged = this.unchanged > 0 ? `, ${this.unchanged} of them unchanged` : '';
    const crossed =
      Object.keys(this.transfers).length > 0
        ? `, ${transferText(this.transfers)} (about ${formatMoney(transferCost(this.transfers), 'USD')} for the transfer)`
        : '';
    const text = `${plural(this.done, 'object')}, ${formatBytes(this.bytes)} in ${formatDuration(seconds)}${rate}${unchanged}${crossed}`;
    if (this.failed === 0) return text;
    return `${text}; ${this.failed} failed (${[...this.failures].map(([name, count]) => `${count} ${name}`).join(', ')})`;
  }

  /** For the run log. */
  counts(): Record<string, number> {
    return { found: this.found, done: this.done, unchanged: this.unchanged, bytes: this.bytes, failed: this.failed };
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
