/** Runs a batch to its end and shows its progress. */
import type { BatchView } from '../../batch/index.ts';
import { batchText, countText, endLine, exitOf } from '../output/batch.ts';
import { printLine } from '../process/io.ts';
import { plural } from '../text/format.ts';
import { paintFor } from '../text/paint.ts';
import type { Session } from './session.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';

/** @throws Interrupted when a signal stops it; the batch is kept. */
export async function runBatch(session: Session, id: string): Promise<number> {
  const { runtime, signal } = session;
  const progress = session.progress({ label: `batch ${id.slice(0, 8)}` });
  let view: BatchView;
  try {
    view = await runtime.runBatch(id, { signal, onProgress: (now) => progress.update(momentOf(now)) });
  } finally {
    progress.stop();
  }
  return await printEnd(session, view);
}

/** The bar shows objects: sizes are not always known before. */
function momentOf(view: BatchView) {
  const { counts, pages, objectsKnown } = view;
  const share = pages.complete ? { done: counts.entries, of: objectsKnown } : undefined;
  return { bytes: counts.bytes, share, count: countText(view) };
}

/** Says how a batch ended. Returns the exit code for it. */
export async function printEnd({ io, flags, say }: Session, view: BatchView): Promise<number> {
  const code = exitOf(view);
  if (flags.json) await printLine(io.stdout, visibleJson(view));
  else if (!flags.quiet) await printLine(io.stdout, endLine(view, paintFor(io.stdout, io.env)));
  const warn = paintFor(io.stderr, io.env);
  for (const [what, objects] of Object.entries(view.counts.losses))
    say(`${warn('yellow', '!')} not kept: ${what}, on ${plural(objects, 'object')}`);
  const failed = (view.counts.counts.failed ?? 0) > 0;
  if (failed && !flags.quiet) {
    say(`why: ferry batch report ${view.id} --status failed; again: ferry batch retry ${view.id}`);
  }
  return code;
}

/** Said when a batch begins, so that it can be found again. */
export function announce({ flags, say }: Session, view: BatchView): void {
  if (!flags.quiet) say(`batch ${view.id}: ${view.request.mode} ${batchText(view.request)}`);
}
