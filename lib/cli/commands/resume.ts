import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { commandText, readCommand } from '../input/prefix-command.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit, exitCodeOf } from '../process/exit.ts';
import { runPrefix } from '../run/prefix.ts';
import { resumeJobs } from '../run/resume.ts';
import { withSession, type Session } from '../run/session.ts';

export const defineResume: DefineCommand = (program, context) => {
  const command = program
    .command('resume')
    .summary('finish what was interrupted')
    .description('Finishes the jobs, batches and commands in the state folder that no living process works on.');
  addStoreOptions(addOutputOptions(command)).action(async (flags: StoreFlags & OutputFlags) => {
    context.code = await withSession(context.io, flags, resume);
  });
};

async function resume(session: Session): Promise<number> {
  const { flags, runtime, signal, config } = session;
  const codes = await resumeJobs(session);
  for (const run of runtime.runs.listUnfinished()) {
    if (signal.aborted) break;
    // Another process may have taken it since it was listed.
    if (!runtime.runs.claim(run.id)) continue;
    codes.push(await resumeRun(session, run.id, run.args));
  }
  signal.throwIfAborted();
  if (codes.length === 0 && !flags.quiet) session.say(`nothing to resume in ${config.home}`);
  if (codes.every((code) => code === exit.done)) return exit.done;
  return codes.some((code) => code === exit.done) ? exit.someFailed : Math.min(...codes);
}

async function resumeRun(session: Session, runId: string, args: unknown): Promise<number> {
  const { flags, signal } = session;
  const command = readCommand(args);
  if (!command) {
    session.say(`run ${runId} was written by another version of ferry and is left alone`);
    return exit.failed;
  }
  if (!flags.quiet) session.say(`going on with: ferry ${commandText(command)}`);
  try {
    return await runPrefix(session, command, { runId });
  } catch (error) {
    if (signal.aborted) throw error;
    session.complain(error);
    return exitCodeOf(error);
  }
}
