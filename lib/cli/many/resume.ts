import type { StoreAddress } from '../../copy/model/object.ts';
import { batchRow } from '../../batch/rows/batch-row.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import { isFinal, type Job } from '../../copy/model/job.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';
import type { Run } from '../../state/runs.ts';
import { manyRequest } from '../requests/many-request.ts';
import { readOldRun, restOfOldRun } from '../requests/old-run.ts';
import { runText, workText } from '../output/jobs.ts';
import { errorDocument, lossLines, resultDocument, resultLine } from '../output/result.ts';
import { exit, exitCodeOf } from '../process/exit.ts';
import { removesObjects } from '../output/rule.ts';
import { plural } from '../text/format.ts';
import { paintFor } from '../text/paint.ts';
import { runBatch } from '../run/batch.ts';
import { followLaterCopies, withLaterCopies } from '../run/later-copies.ts';
import { checkKeys } from '../run/customer-keys.ts';
import type { Session } from '../run/session.ts';

/** Something that was interrupted: a job, a batch, or a command of a version before batches. */
export interface Work {
  kind: 'job' | 'batch' | 'run';
  id: string;
  /** What it does, and how far it is. */
  text: string;
  /** It removes objects: of a move the sources, of a reconciliation replicas. */
  removes: boolean;
  /** The store, whose keys of the customer must be there. */
  store?: StoreAddress;
}

/** Everything that no living process works on, oldest first. */
export async function interruptedWork({ runtime }: Session): Promise<Work[]> {
  const { withPartialPages } = await import('../../batch/index.ts');
  const found = await runtime.interrupted();
  const jobs = await Promise.all(found.map((job) => withPartialPages(runtime.batches, job)));
  return [...jobs.map(workOfJob), ...runtime.runs.listUnfinished().map(workOfRun)];
}

/** @throws GiveUp BadRequest when it has ended; undefined when there is none of that id. */
export async function workOf({ runtime }: Session, id: string): Promise<Work | undefined> {
  const job = await runtime.job(id);
  if (job && isFinal(job.state)) throw ended(id, job.state);
  const { withPartialPages } = await import('../../batch/index.ts');
  if (job) return workOfJob(await withPartialPages(runtime.batches, job));
  const run = runtime.runs.get(id);
  if (run?.state === 'done') throw ended(id, 'done');
  return run && workOfRun(run);
}

function ended(id: string, state: string): GiveUp {
  return new GiveUp('BadRequest', `${id} is ${state} already; there is nothing to resume.`);
}

function workOfJob(job: Job): Work {
  const request = batchRow(job)?.request;
  const removes = request ? removesObjects(request) : job.mode === 'rename';
  return {
    kind: request ? 'batch' : 'job',
    id: job.id,
    text: workText(job),
    removes,
    store: request?.store ?? job.store,
  };
}

function workOfRun(run: Run): Work {
  return { kind: 'run', id: run.id, text: runText(run), removes: readOldRun(run.args)?.mode === 'rename' };
}

/** Brings it to its end, jobs side by side and then batches in turn, shows each, and returns an exit code for each. */
export async function resumeWork(session: Session, work: readonly Work[]): Promise<number[]> {
  const { signal } = session;
  const refused: number[] = [];
  const able = work.filter(({ id, store = {} }) => {
    try {
      checkKeys(store, session.io.env);
      return true;
    } catch (error) {
      session.say(`${id} is kept as it is, for a key that it needs is not here:`);
      session.complain(error);
      refused.push(exitCodeOf(error));
      return false;
    }
  });
  const codes = await resumeJobs(
    session,
    able.flatMap(({ kind, id }) => (kind === 'job' ? [id] : [])),
  );
  codes.push(...refused);
  for (const { kind, id, text } of able) {
    if (kind === 'job') continue;
    signal.throwIfAborted();
    try {
      const batch = kind === 'run' ? await batchOfRun(session, id) : id;
      if (batch === undefined) continue;
      if (!session.flags.quiet) session.say(`going on with ${batch}: ${text}`);
      codes.push(await resumeBatch(session, batch));
    } catch (error) {
      if (signal.aborted) throw error;
      session.complain(error);
      codes.push(exitCodeOf(error));
    }
  }
  return codes;
}

/** Brings a batch to its end, also one that is paused, and shows it. Returns its exit code. */
export async function resumeBatch(session: Session, id: string): Promise<number> {
  const { readBatch, resumeBatch: unpause } = await import('../../batch/index.ts');
  const { paused, request } = await readBatch(session.runtime.batches, id);
  if (paused) await unpause(session.runtime.batches, id);
  const code = await runBatch(session, id);
  return request.rule ? withLaterCopies(code, await followLaterCopies(session, id)) : code;
}

/** What is left of it becomes a batch. Undefined when another process has taken it since it was listed. */
async function batchOfRun(session: Session, id: string): Promise<string | undefined> {
  const { createBatch } = await import('../../batch/index.ts');
  const { runtime } = session;
  const { runs } = runtime;
  if (!runs.claim(id)) {
    session.say(`${id}: another process works on it`);
    return undefined;
  }
  const rest = restOfOldRun(runs.get(id)?.args);
  if (!rest) {
    throw new GiveUp(
      'Unsupported',
      `run ${id} was written by another version of ferry; go on with that one, or drop it: ferry cancel ${id}`,
    );
  }
  const batch = await createBatch(runtime.batches, { ...manyRequest(rest), idempotencyKey: `run/${id}` });
  runs.finish(id);
  return batch.id;
}

async function resumeJobs(session: Session, ids: readonly string[]): Promise<number[]> {
  const { io, flags, runtime, signal } = session;
  const codes: number[] = [];
  const known = new Map<string, { bytes: number; size: number }>();
  const progress = session.progress({ label: 'resuming' });
  try {
    await runtime.resume({
      ids,
      signal,
      onProgress({ jobId = '', bytesDone, size }) {
        known.set(jobId, { bytes: bytesDone, size });
        let bytes = 0;
        let total = 0;
        for (const job of known.values()) {
          bytes += job.bytes;
          total += job.size;
        }
        progress.update({ bytes, total, count: plural(known.size, 'job') });
      },
      onOutcome({ job, result, error }) {
        codes.push(error === undefined ? exit.done : exitCodeOf(error));
        const seconds = (job.updatedAt - job.createdAt) / 1000;
        if (flags.json) {
          const document = result ? resultDocument(job, result, seconds, job.id) : errorDocument(job, error);
          io.stdout.write(`${visibleJson(document)}\n`);
        }
        const paint = paintFor(io.stderr, io.env);
        if (!result) session.complain(error);
        else {
          if (!flags.json && !flags.quiet) session.say(resultLine(job, result, seconds, paint));
          for (const line of lossLines(result.lost, paint)) session.say(line);
        }
      },
    });
  } finally {
    progress.stop();
  }
  return codes;
}
