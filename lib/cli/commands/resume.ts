import { GiveUp } from '../../copy/model/errors.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { confirmRemovals } from '../many/confirm.ts';
import { interruptedWork, resumeWork, workOf } from '../many/resume.ts';
import { withSession, type Session } from '../run/session.ts';

type ResumeFlags = StoreFlags & OutputFlags & { yes?: boolean };

export const defineResume: DefineCommand = (program, context) => {
  const command = program
    .command('resume')
    .description(
      'Finishes the job or batch that is named, or all in the state folder that no living process works on. Copies just go on; before it goes on with what removes objects (a move, reconcile --fix --remove-extra), it asks on a terminal, and elsewhere needs --yes.',
    )
    .argument('[id]', 'only this job or batch, without a question; also one that is paused')
    .option('-y, --yes', 'go on with what removes objects as well, without a question');
  addStoreOptions(addOutputOptions(command)).action(async (id: string | undefined, flags: ResumeFlags) => {
    const work = (session: Session) => (id === undefined ? resumeAll(session, flags) : resumeOne(session, id));
    context.code = await withSession(context.io, flags, work);
  });
};

async function resumeOne(session: Session, id: string): Promise<number> {
  const work = await workOf(session, id);
  if (!work) throw new GiveUp('NotFound', `there is no job ${id} in ${session.config.home}; ferry status lists them.`);
  const [code = exit.done] = await resumeWork(session, [work]);
  return code;
}

async function resumeAll(session: Session, flags: ResumeFlags): Promise<number> {
  const { say, config } = session;
  const found = await interruptedWork(session);
  const chosen = flags.yes ? found : await confirmRemovals(session, found);
  if (!chosen) return exit.failed;
  const codes = await resumeWork(session, chosen);
  if (found.length === 0 && !flags.quiet) say(`nothing to resume in ${config.home}`);
  if (chosen.length < found.length) codes.push(exit.usage);
  if (codes.every((code) => code === exit.done)) return exit.done;
  return codes.some((code) => code === exit.done) ? exit.someFailed : Math.min(...codes);
}
