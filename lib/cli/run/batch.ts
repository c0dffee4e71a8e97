/** Runs a batch to its end and shows its progress. */
import { GiveUp, type GiveUpCode } from '../../copy/model/errors.ts';
import type { BatchInput, BatchRequest, BatchView, Tally } from '../../batch/index.ts';
import { batchText, countText, dryRunDocument, dryRunLines, endLine, exitOf } from '../output/batch.ts';
import type { Moment } from '../output/progress.ts';
import { exit } from '../process/exit.ts';
import { printLine } from '../process/io.ts';
import { plural, printable } from '../text/format.ts';
import { paintFor } from '../text/paint.ts';
import type { Session } from './session.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';

/** @param empty as of `printEnd`. @throws Interrupted when a signal stops it; the batch is kept. */
export async function runBatch(session: Session, id: string, empty?: Empty): Promise<number> {
  return await printEnd(session, await followBatch(session, id, { label: `batch ${id.slice(0, 8)}` }), empty);
}

export interface Follow {
  /** Left of the progress bar. */
  label: string;
  onProgress?(view: BatchView): Promise<void>;
}

/** Brings a batch to its end behind the progress display. @throws Interrupted when a signal stops it; the batch is kept. */
export async function followBatch(session: Session, id: string, { label, onProgress }: Follow): Promise<BatchView> {
  const { runtime, signal } = session;
  const progress = session.progress({ label });
  try {
    return await runtime.runBatch(id, {
      signal,
      onProgress: async (view) => {
        progress.update(momentOf(view));
        await onProgress?.(view);
      },
    });
  } finally {
    progress.stop();
  }
}

/** A listing tells all sizes; of another source the bar shows objects. */
function momentOf(view: BatchView): Moment {
  const { counts, pages, objectsKnown, bytesKnown, request } = view;
  const isSized = request.source.kind === 'prefix' && request.mode !== 'metadata' && bytesKnown !== undefined;
  const { bytes } = counts;
  // The display counts the answers of this process itself, and knows from the bytes how long the rest takes.
  const isMeasured = pages.complete && isSized && bytesKnown > 0;
  const count = countText({ ...view, throttled: 0, ...(isMeasured && { etaSeconds: undefined }) });
  if (!pages.complete) return { bytes, count };
  if (isSized && counts.entries < objectsKnown) return { bytes, total: Math.max(bytes, bytesKnown), count };
  return { bytes, share: { done: counts.entries, of: objectsKnown }, count };
}

/**
 * Shows what a batch would do. Exit code 3 when some of it would fail.
 * @param empty as of `printEnd`. @throws GiveUp NotFound for a new batch that finds nothing.
 */
export async function dryRunMany({ io, flags, runtime }: Session, input: BatchInput, empty?: Empty): Promise<number> {
  const { dryRunBatch, readRequest } = await import('../../batch/index.ts');
  const request = readRequest(input);
  const plan = await dryRunBatch(runtime.batches, request);
  const text = flags.json
    ? [visibleJson(dryRunDocument(request, plan))]
    : dryRunLines(request, plan, io.stdout, paintFor(io.stdout, io.env));
  for (const one of text) await printLine(io.stdout, one);
  const found = plan.objects + plan.rejected.length + foundBeside(request, plan.passedOver);
  if (found === 0 && empty && !empty.allowEmpty) throw nothingMatches(request, empty);
  const stopped = Object.entries(plan.conflicts?.counts ?? {}).some(([kind]) => kind !== 'repeated');
  return stopped || Object.keys(plan.failures).length > 0 ? exit.someFailed : exit.done;
}

/** What is said, and whether anything is, where a new batch finds nothing. */
export interface Empty {
  allowEmpty?: boolean;
  /** The source as it was asked for; default: as the batch reads it. */
  asked?: string;
}

/** A typing error in a pattern must not look like success. */
function nothingMatches(request: BatchView['request'], { asked }: Empty): GiveUp {
  const where = asked === undefined ? batchText(request).split(' -> ')[0] : printable(asked);
  return new GiveUp('NotFound', `no object matches ${where} (--allow-empty makes that no error).`);
}

/** Rows that are no mistake although nothing of them is copied, such as delete markers; none where a choice may be the mistake. */
function foundBeside({ choice, names, filters }: BatchRequest, passedOver: Tally['passedOver']): number {
  if (choice || names || filters) return 0;
  const rows = Object.entries(passedOver).filter(([why]) => why !== 'no-object');
  return rows.reduce((sum, [, count]) => sum + count, 0);
}

/**
 * Says how a batch ended. Returns the exit code for it.
 * @param empty of a new batch, which fails where nothing is found; absent for one that goes on or follows another: what that one
 *   has left may well be nothing.
 */
export async function printEnd({ io, flags, say, complain }: Session, view: BatchView, empty?: Empty): Promise<number> {
  const { entries, rejected, passedOver } = view.counts;
  const isEmpty = view.state === 'done' && entries + rejected + foundBeside(view.request, passedOver) === 0;
  if (isEmpty && empty && !empty.allowEmpty) {
    if (flags.json) await printLine(io.stdout, visibleJson(view));
    complain(nothingMatches(view.request, empty));
    return exit.failed;
  }
  const code = exitOf(view);
  if (flags.json) await printLine(io.stdout, visibleJson(view));
  else if (!flags.quiet) await printLine(io.stdout, endLine(view, paintFor(io.stdout, io.env)));
  const warn = paintFor(io.stderr, io.env);
  for (const [what, objects] of Object.entries(view.counts.losses))
    say(`${warn('yellow', '!')} not kept: ${what}, on ${plural(objects, 'object')}`);
  const failed = (view.counts.counts.failed ?? 0) > 0;
  if (failed && view.request.rule) say(`why: ferry batch report ${view.id} --status failed`);
  else if (failed && !flags.quiet) {
    say(`why: ferry batch report ${view.id} --status failed; again: ferry batch retry ${view.id}`);
  }
  return code;
}

/** @throws GiveUp the error that ended a batch as a whole. */
export function throwReason({ reason }: BatchView): void {
  if (reason) throw new GiveUp(reason.code as GiveUpCode, reason.message);
}

/** Said when a batch begins, so that it can be found again. */
export function announce({ flags, say }: Session, view: BatchView): void {
  if (!flags.quiet) say(`batch ${view.id}: ${view.request.mode} ${batchText(view.request)}`);
}
