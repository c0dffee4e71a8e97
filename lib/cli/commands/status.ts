import { GiveUp } from '../../copy/model/errors.ts';
import type { Job } from '../../copy/model/job.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { wholeNumber } from '../input/parse.ts';
import { jobLines, jobPercent, jobTable, runTable } from '../output/jobs.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { withSession, type Session } from '../run/session.ts';
import { shellQuote } from '../text/format.ts';
import { paintFor } from '../text/paint.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';

interface StatusFlags extends StoreFlags, OutputFlags {
  limit: number;
}

export const defineStatus: DefineCommand = (program, context) => {
  const command = program
    .command('status')
    .summary('show jobs')
    .description('Shows the jobs in the state folder, newest first, or one of them in detail.')
    .argument('[id]', 'job to show')
    .option('--limit <n>', 'at most this many jobs', wholeNumber(1, 100_000), 20);
  addStoreOptions(addOutputOptions(command)).action(async (id: string | undefined, flags: StatusFlags) => {
    const show = (session: Session) => (id === undefined ? showAll(session, flags) : showOne(session, id));
    context.code = await withSession(context.io, flags, show, { looks: true });
  });
};

async function showAll(session: Session, flags: StatusFlags): Promise<number> {
  const { io, runtime } = session;
  const { jobs } = await runtime.jobs({ limit: flags.limit });
  const runs = runtime.runs.listUnfinished();
  if (flags.json) {
    for (const job of jobs) io.stdout.write(`${visibleJson(jobDocument(job))}\n`);
    for (const run of runs) io.stdout.write(`${visibleJson({ run: run.id, ...run })}\n`);
    return exit.done;
  }
  const now = Date.now();
  const lines = jobs.length > 0 ? jobTable(jobs, now) : [`no jobs in ${session.config.home}`];
  if (runs.length > 0)
    lines.push(
      '',
      ...runTable(runs, now),
      '',
      `ferry resume --state ${shellQuote(session.config.home)} goes on with them.`,
    );
  for (const line of lines) io.stdout.write(`${line}\n`);
  return exit.done;
}

async function showOne(session: Session, id: string): Promise<number> {
  const { io, flags, runtime } = session;
  const job = await runtime.job(id);
  if (!job) throw new GiveUp('NotFound', `there is no job ${id} in ${session.config.home}; ferry status lists them.`);
  const text = flags.json
    ? [visibleJson(jobDocument(job))]
    : jobLines(job, Date.now(), io.stdout, paintFor(io.stdout, io.env));
  for (const line of text) io.stdout.write(`${line}\n`);
  return exit.done;
}

function jobDocument(job: Job): Record<string, unknown> {
  return { ...job, percent: jobPercent(job) };
}
