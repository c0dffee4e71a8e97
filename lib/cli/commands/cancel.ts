import { GiveUp } from '../../copy/model/errors.ts';
import { isFinal } from '../../copy/model/job.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { subjectText } from '../output/result.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { withSession, type Session } from '../run/session.ts';
import { paintFor } from '../text/paint.ts';

export const defineCancel: DefineCommand = (program, context) => {
  const command = program
    .command('cancel')
    .summary('stop a job and drop its parts')
    .description('Cancels a job: its upload is aborted, source and destination stay as they are.')
    .argument('<id>', 'job to cancel');
  addStoreOptions(addOutputOptions(command)).action(async (id: string, flags: StoreFlags & OutputFlags) => {
    context.code = await withSession(context.io, flags, (session) => cancel(session, id));
  });
};

async function cancel(session: Session, id: string): Promise<number> {
  const { io, flags, runtime } = session;
  const { landed, job } = await runtime.cancel(id);
  if (!job) throw new GiveUp('NotFound', `there is no job ${id} in ${session.config.home}; ferry status lists them.`);
  if (flags.json) io.stdout.write(`${JSON.stringify({ id, cancelled: landed, state: job.state })}\n`);
  if (landed) {
    const paint = paintFor(io.stdout, io.env);
    if (!flags.json && !flags.quiet) io.stdout.write(`${paint('green', '✓')} cancelled ${subjectText(job)}\n`);
    return exit.done;
  }
  const why = isFinal(job.state)
    ? `it is ${job.state} already`
    : 'it is being completed right now; look again with ferry status';
  session.say(`${paintFor(io.stderr, io.env)('red', '✗')} job ${id} was not cancelled: ${why}`);
  return exit.failed;
}
