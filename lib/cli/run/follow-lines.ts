import type { BatchView, BatchWorld, ResultLine } from '../../batch/index.ts';
import { readResultHeader } from '../../batch/files/result-file.ts';
import { fileOf, namesIn } from '../../batch/model/work-files.ts';
import { openBatch } from '../../batch/rows/batch-row.ts';
import { followBatch } from './batch.ts';
import type { Session } from './session.ts';

/**
 * Brings a batch to its end behind the progress display, and gives out the results of its pages, each page once, as they come to be
 * finished.
 *
 * @param failedOnly only objects that failed: pages without any are not read.
 * @throws Interrupted when a signal stops it; the batch is kept.
 */
export async function followLines(
  session: Session,
  id: string,
  { label, failedOnly }: { label: string; failedOnly: boolean },
  onLine: (line: ResultLine) => Promise<void>,
): Promise<BatchView> {
  const seen = new Set<string>();
  const show = async (): Promise<void> => {
    for await (const line of freshLines(session.runtime.batches, id, seen, failedOnly)) await onLine(line);
  };
  let pagesShown = -1;
  const onProgress = async ({ pages }: BatchView): Promise<void> => {
    if (pages.done === pagesShown) return;
    pagesShown = pages.done;
    await show();
  };
  const view = await followBatch(session, id, { label, onProgress });
  await show();
  return view;
}

async function* freshLines(
  world: BatchWorld,
  id: string,
  seen: Set<string>,
  failedOnly: boolean,
): AsyncGenerator<ResultLine> {
  const { files } = await openBatch(world, id);
  for await (const page of namesIn(files, id, 'results')) {
    if (seen.has(page)) continue;
    seen.add(page);
    const header = failedOnly ? await readResultHeader(files, id, page) : undefined;
    if (header && (header.counts.failed ?? 0) === 0) continue;
    const [, ...lines] = ((await files.read(fileOf.result(id, page))) ?? '').split('\n');
    for (const text of lines) {
      if (text === '') continue;
      const line = JSON.parse(text) as ResultLine;
      if (!failedOnly || line.status === 'failed') yield line;
    }
  }
}
