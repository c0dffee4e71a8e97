import type { BatchView } from '../../batch/index.ts';
import type { KnownSoFar } from '../../batch/model/world.ts';
import type { StateTable } from '../../copy/model/ports.ts';
import { progressOf } from './driver.ts';
import type { PartsUnderWay } from './parts-under-way.ts';

/** Large objects whose jobs are read for one report of progress. */
const jobsAtMost = 200;

/** What this process knows of pages that have no result yet, so that progress does not wait for the end of a page. */
export class PagesUnderWay {
  readonly #parts: PartsUnderWay;
  readonly #batches = new Map<string, Map<string, KnownSoFar>>();

  note(batch: string, page: string, known: KnownSoFar | undefined): void {
    const pages = this.#batches.get(batch) ?? new Map<string, KnownSoFar>();
    if (known) pages.set(page, known);
    else pages.delete(page);
    if (pages.size > 0) this.#batches.set(batch, pages);
    else this.#batches.delete(batch);
  }

  constructor(parts: PartsUnderWay) {
    this.#parts = parts;
  }

  forget(batch: string): void {
    this.#batches.delete(batch);
  }

  /** The view of a batch that has not ended, with what is known of its pages under way and its large objects. */
  async addTo(view: BatchView, state: Pick<StateTable, 'get'>, now: number): Promise<BatchView> {
    const pages = this.#batches.get(view.id);
    if (!pages || view.ended) return view;
    const counts: BatchView['counts'] = { ...view.counts, counts: { ...view.counts.counts } };
    const jobs: string[] = [];
    for (const known of pages.values()) {
      for (const { status, size = 0 } of known.lines.values()) {
        counts.entries += 1;
        counts.counts[status] = (counts.counts[status] ?? 0) + 1;
        if (status === 'copied' || status === 'renamed') counts.bytes += size;
      }
      jobs.push(...known.jobs.values());
    }
    for (const id of jobs.slice(0, jobsAtMost)) {
      const job = await state.get(id);
      if (job) counts.bytes += progressOf(job, this.#parts.of(id)).bytesDone;
    }
    // What was read is added up best effort.
    const objectsKnown = Math.max(view.objectsKnown, counts.entries);
    const rate = (1000 * counts.entries) / Math.max(1, now - view.startedAt);
    const etaSeconds = view.pages.complete && rate > 0 ? (objectsKnown - counts.entries) / rate : undefined;
    return { ...view, counts, objectsKnown, rate, etaSeconds };
  }
}
