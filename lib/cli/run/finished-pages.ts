import type { BatchWorld, ResultLine } from '../../batch/index.ts';
import { readResultHeader } from '../../batch/files/result-file.ts';
import { fileOf, namesIn } from '../../batch/model/work-files.ts';
import { openBatch } from '../../batch/rows/batch-row.ts';

/** Gives out the results of the pages of a batch, each page once, as they come to be finished. */
export class FinishedPages {
  readonly #world: BatchWorld;
  readonly #id: string;
  readonly #seen = new Set<string>();

  constructor(world: BatchWorld, id: string) {
    this.#world = world;
    this.#id = id;
  }

  /** The lines of pages that are finished since the last call. @param failedOnly passes over pages where nothing failed. */
  async *fresh({ failedOnly }: { failedOnly: boolean }): AsyncGenerator<ResultLine> {
    const { files } = await openBatch(this.#world, this.#id);
    for await (const page of namesIn(files, this.#id, 'results')) {
      if (this.#seen.has(page)) continue;
      this.#seen.add(page);
      const header = failedOnly ? await readResultHeader(files, this.#id, page) : undefined;
      if (header && (header.counts.failed ?? 0) === 0) continue;
      const [, ...lines] = ((await files.read(fileOf.result(this.#id, page))) ?? '').split('\n');
      for (const text of lines) {
        if (text === '') continue;
        const line = JSON.parse(text) as ResultLine;
        if (!failedOnly || line.status === 'failed') yield line;
      }
    }
  }
}
