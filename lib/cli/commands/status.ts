import { batchRow } from '../../batch/rows/batch-row.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import { finalStates, type Job } from '../../copy/model/job.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { wholeNumber } from '../input/parse.ts';
import { batchLines } from '../output/batch.ts';
import { jobLines, jobPercent, jobTable, runText } from '../output/jobs.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit, UsageError } from '../process/exit.ts';
import { printLine, widthOf } from '../process/io.ts';
import { withSession, type Session } from '../run/session.ts';
import { shellQuote } from '../text/format.ts';
import { paintFor } from '../text/paint.ts';

interface StatusFlags extends StoreFlags, OutputFlags {
  rules?: boolean;
  limit: number;
}

export const defineStatus: DefineCommand = (program, context) => {
  const command = program
    .command('status')
    .description(
      'Shows the jobs and batches in the state folder: all that run or were interrupted, then the newest that have ended; or one of them in detail.',
    )
    .argument('[id]', 'job or batch to show')
    .option('--limit <n>', 'at most this many that have ended', wholeNumber(1, 100_000), 20)
    .option('--rules', 'show the replication rules of the `ferry serve` on this state instead: counts, lag, backlog');
  addStoreOptions(addOutputOptions(command)).action(async (id: string | undefined, flags: StatusFlags) => {
    if (flags.rules && id !== undefined) throw new UsageError('--rules shows all rules; leave the id out.');
    const show = async (session: Session): Promise<number> => {
      if (flags.rules) return await (await import('./status-rules.ts')).showRules(session);
      return await (id === undefined ? showAll(session, flags) : showOne(session, id));
    };
    context.code = await withSession(context.io, flags, show, { looks: true });
  });
};

async function showAll({ io, runtime, config }: Session, flags: StatusFlags): Promise<number> {
  const open = await find(runtime, ['planned', 'copying', 'finishing'], Infinity, isShownWhileOpen);
  const ended = await find(runtime, [...finalStates], flags.limit, (job) => !isMember(job));
  const runs = runtime.runs.listUnfinished();
  const orphans = runtime.processes.orphans(orphansAtMost);
  const interrupted = new Set(orphans);
  const { withPartialPages } = await import('../../batch/index.ts');
  const jobs = await Promise.all([...open, ...ended].map((job) => withPartialPages(runtime.batches, job)));
  if (flags.json) {
    for (const job of jobs) {
      const mark = interrupted.has(job.id) && { interrupted: true };
      await printLine(io.stdout, visibleJson({ ...job, percent: jobPercent(job), ...mark }));
    }
    for (const run of runs) await printLine(io.stdout, visibleJson({ run: run.id, ...run, interrupted: true }));
    return exit.done;
  }
  const isEmpty = jobs.length + runs.length === 0;
  const lines = isEmpty
    ? [`no jobs in ${config.home}`]
    : jobTable(jobs, Date.now(), { interrupted, runs, width: widthOf(io.stdout) });
  const state = `--state ${shellQuote(config.home)}`;
  if (orphans.length + runs.length > 0)
    lines.push('', `ferry resume ${state} goes on with what was interrupted; ferry cancel ID ${state} drops one.`);
  for (const line of lines) await printLine(io.stdout, line);
  return exit.done;
}

const orphansAtMost = 100_000;

/** A move has a row for each of its objects: when they have ended, their batch speaks for them. */
const rowsAtOnce = 1_000;
const pagesAtMost = 20;

async function find(
  runtime: Pick<Session['runtime'], 'jobs'>,
  states: Job['state'][],
  wanted: number,
  isShown: (job: Job) => boolean,
): Promise<Job[]> {
  const found: Job[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < pagesAtMost; pages += 1) {
    const page = await runtime.jobs({ states, limit: rowsAtOnce, cursor });
    found.push(...page.jobs.filter(isShown));
    cursor = page.cursor;
    if (cursor === undefined || found.length >= wanted) break;
  }
  return found.slice(0, wanted);
}

function isMember(job: Job): boolean {
  return job.labels?.['batch'] !== undefined;
}

/** A large object of a batch takes its time, and is worth a row. */
function isShownWhileOpen(job: Job): boolean {
  return !isMember(job) || job.parts !== undefined;
}

async function showOne(session: Session, id: string): Promise<number> {
  const { io, flags, runtime, config } = session;
  const paint = paintFor(io.stdout, io.env);
  const job = await runtime.job(id);
  const run = job ? undefined : runtime.runs.get(id);
  const lines: string[] = [];
  if (job && batchRow(job)) {
    const { batchOf, readBatch, viewOf, withPartialPages } = await import('../../batch/index.ts');
    const batch = batchOf(runtime.batches, await withPartialPages(runtime.batches, job));
    const view = batch ? await viewOf(runtime.batches, batch) : await readBatch(runtime.batches, id);
    lines.push(...(flags.json ? [visibleJson(view)] : batchLines(view, io.stdout, paint)));
  } else if (job) {
    const document = { ...job, percent: jobPercent(job) };
    lines.push(...(flags.json ? [visibleJson(document)] : jobLines(job, Date.now(), io.stdout, paint)));
  } else if (run) {
    lines.push(flags.json ? visibleJson({ run: run.id, ...run }) : `command ${run.id}: ${runText(run)}, ${run.state}`);
  } else throw new GiveUp('NotFound', `there is no job ${id} in ${config.home}; ferry status lists them.`);
  for (const line of lines) await printLine(io.stdout, line);
  return exit.done;
}
