/** `cp`, `mv` and `meta` of many objects: a batch, shown as one command. */
import type { BatchView } from '../../batch/index.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import { manyRequest, type Many } from '../requests/many-request.ts';
import { exitOf } from '../output/batch.ts';
import { errorOfLine, lineDocument, manyEndLine } from '../output/many.ts';
import { printLine } from '../process/io.ts';
import { plural, printable } from '../text/format.ts';
import { paintFor } from '../text/paint.ts';
import { dryRunMany, throwReason } from './batch.ts';
import { followLines } from './follow-lines.ts';
import type { Session } from './session.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';

/** Does to many objects what was asked for, shows how it goes and sums up. Returns the exit code. */
export async function runMany(session: Session, many: Many, { dryRun = false } = {}): Promise<number> {
  const request = manyRequest(many);
  const { allowEmpty, asked } = many;
  if (dryRun) return await dryRunMany(session, request, { allowEmpty, asked });
  const { createBatch } = await import('../../batch/index.ts');
  const { io, flags, runtime, signal } = session;
  signal.throwIfAborted();
  const started = await createBatch(runtime.batches, request);
  const label = sourceText(many);
  const view = await followLines(session, started.id, { label, failedOnly: !flags.json }, async (line) => {
    if (flags.json) await printLine(io.stdout, visibleJson(lineDocument({ ...many }, line)));
    if (line.status === 'failed') session.complain(errorOfLine(line));
  });
  return await sumUp(session, many, view);
}

async function sumUp(session: Session, many: Many, view: BatchView): Promise<number> {
  const { io, flags } = session;
  const { counts, reason } = view;
  if (counts.entries === 0 && !reason && !many.allowEmpty) {
    const verb = { copy: 'copy', rename: 'move', metadata: 'change' }[many.mode];
    throw new GiveUp(
      'NotFound',
      `nothing to ${verb}: no object matches ${many.asked === undefined ? `below ${sourceText(many)}` : printable(many.asked)} (--allow-empty makes that no error).`,
    );
  }
  const out = flags.json ? io.stderr : io.stdout;
  if (!flags.quiet && counts.entries > 0) await printLine(out, manyEndLine(view, paintFor(out, io.env)));
  const warn = paintFor(io.stderr, io.env);
  for (const [what, objects] of Object.entries(counts.losses))
    session.say(`${warn('yellow', '!')} not kept: ${what}, on ${plural(objects, 'object')} (--json tells which)`);
  if ((counts.counts.failed ?? 0) > 0 && !flags.quiet) session.say(`again: ferry batch retry ${view.id}`);
  throwReason(view);
  return exitOf(view);
}

function sourceText({ store, source }: Many): string {
  return printable(`${store.scheme}://${source.bucket}/${source.prefix}`);
}
