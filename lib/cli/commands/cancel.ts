import { batchRow } from '../../batch/rows/batch-row.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import { isFinal } from '../../copy/model/job.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { runText } from '../output/jobs.ts';
import { batchText, tallyText } from '../output/batch.ts';
import { subjectText } from '../output/result.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { printLine } from '../process/io.ts';
import { followBatch } from '../run/batch.ts';
import { withSession, type Session } from '../run/session.ts';
import { paintFor } from '../text/paint.ts';

export const defineCancel: DefineCommand = (program, context) => {
  const command = program
    .command('cancel')
    .description(
      'Cancels a job (its upload is aborted, source and destination stay as they are) or what is left of a batch or of an interrupted command (what was copied or moved stays so).',
    )
    .argument('<id>', 'job or batch to cancel; `ferry status` lists them');
  addStoreOptions(addOutputOptions(command)).action(async (id: string, flags: StoreFlags & OutputFlags) => {
    context.code = await withSession(context.io, flags, (session) => cancel(session, id));
  });
};

async function cancel(session: Session, id: string): Promise<number> {
  const { runtime, config } = session;
  const found = await runtime.job(id);
  if (found && batchRow(found)) return await cancelMany(session, id);
  if (!found) {
    const run = runtime.runs.get(id);
    if (!run) throw new GiveUp('NotFound', `there is no job ${id} in ${config.home}; ferry status lists them.`);
    if (run.state === 'done') return refused(session, id, 'done', 'it has ended already');
    if (!runtime.runs.claim(id)) return refused(session, id, run.state, 'a living process works on it; stop that one');
    runtime.runs.finish(id);
    return await cancelled(session, id, runText(run));
  }
  const { landed, job = found } = await runtime.cancel(id);
  if (landed) return await cancelled(session, id, subjectText(job));
  const why = isFinal(job.state)
    ? `it is ${job.state} already`
    : 'it is being completed right now; look again with ferry status';
  return refused(session, id, job.state, why);
}

async function cancelMany(session: Session, id: string): Promise<number> {
  const { runtime } = session;
  const { cancelBatch, readBatch } = await import('../../batch/index.ts');
  const { request, state } = await readBatch(runtime.batches, id);
  if (isFinal(state)) return refused(session, id, state, `it is ${state} already`);
  await cancelBatch(runtime.batches, id);
  // Under way is only what is left to add up.
  const view = await followBatch(session, id, { label: `batch ${id.slice(0, 8)}` });
  return await cancelled(session, id, `${request.mode} ${batchText(request)}; done before: ${tallyText(view.counts)}`);
}

async function cancelled({ io, flags }: Session, id: string, what: string): Promise<number> {
  if (flags.json) await printLine(io.stdout, visibleJson({ id, cancelled: true, state: 'cancelled' }));
  else if (!flags.quiet) await printLine(io.stdout, `${paintFor(io.stdout, io.env)('green', '✓')} cancelled ${what}`);
  return exit.done;
}

function refused({ io, flags, say }: Session, id: string, state: string, why: string): number {
  if (flags.json) io.stdout.write(`${visibleJson({ id, cancelled: false, state })}\n`);
  say(`${paintFor(io.stderr, io.env)('red', '✗')} ${id} was not cancelled: ${why}`);
  return exit.failed;
}
