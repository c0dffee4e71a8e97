/** Copies that a batch of a rule leaves behind: of sources that changed while they were copied, and of answers that were lost. */
import type { Job } from '../../copy/model/job.ts';
import type { ObjectRef } from '../../copy/model/object.ts';
import { exit } from '../process/exit.ts';
import { plural, printable } from '../text/format.ts';
import type { Session } from './session.ts';

/** A wait that is longer than this, milliseconds, is explained. */
const explainAfterMs = 2_000;

/** Replicas that are named one by one; of the others their number is said. */
const namedAtMost = 20;

/** Rows read at once. */
const pageSize = 1_000;

/**
 * Waits for them, since they are part of the command, and says which of them did not come to a good end. Returns how many did not:
 * what the batch says of these objects is no longer so.
 *
 * @param id of the batch. @throws the reason of the signal that stops it.
 */
export async function followLaterCopies(session: Session, id: string): Promise<number> {
  const { runtime, signal, say } = session;
  const timer = setTimeout(() => {
    say('waiting for replicas that are looked at again: their source changed meanwhile, or an answer was lost.');
    say('This takes at most 15 minutes; Ctrl-C leaves it to ferry resume.');
  }, explainAfterMs);
  try {
    await runtime.resume({ ids: [], signal });
  } finally {
    clearTimeout(timer);
  }
  signal.throwIfAborted();
  const missed = await missedReplicas(session, id);
  for (const [place, why] of [...missed].slice(0, namedAtMost)) say(`${printable(place)}: ${why}`);
  if (missed.size === 0) return 0;
  say(
    `${plural(missed.size, 'replica')} ${missed.size === 1 ? 'was' : 'were'} to be copied again after the first copy, and that ` +
      'failed: what is there may be an older version, or nothing. Run the command again.',
  );
  return missed.size;
}

/** The exit code of a batch, and of what came after it. @param missed what `followLaterCopies` returned. */
export function withLaterCopies(code: number, missed: number): number {
  return code === exit.done && missed > 0 ? exit.someFailed : code;
}

/** Replicas whose later copy failed, or did not end, and why; those left out that the batch itself calls failed. */
async function missedReplicas({ runtime }: Session, id: string): Promise<Map<string, string>> {
  const missed = new Map<string, string>();
  const batch = await runtime.job(id);
  // Of one that was stopped the copies were stopped, too, and its exit code says so.
  if (batch?.state !== 'done') return missed;
  for (let after = 0; ;) {
    const letters = runtime.inbox.listDead(pageSize, after);
    for (const { task, reason } of letters)
      if (task.kind === 'copy' && task.request.labels?.['batch'] === id)
        missed.set(placeOf(task.request.destination), reason);
    if (letters.length < pageSize) break;
    after = letters.at(-1)?.id ?? after;
  }
  for await (const { labels, destination, reason, state } of jobsSince(runtime, batch.createdAt))
    if (labels?.['batch'] === id)
      missed.set(placeOf(destination), reason?.message ?? `the copy is ${state}; ferry resume goes on with it.`);
  if (missed.size === 0) return missed;
  const { results } = await import('../../batch/index.ts');
  for await (const { status, destination } of results(runtime.batches, id))
    if (status === 'failed') missed.delete(placeOf(destination));
  return missed;
}

/** Rows of copies that failed or have not ended, newest first. */
async function* jobsSince(runtime: Pick<Session['runtime'], 'jobs'>, began: number): AsyncGenerator<Job> {
  const states: Job['state'][] = ['failed', 'planned', 'copying', 'finishing'];
  for (let cursor: string | undefined; ;) {
    const page = await runtime.jobs({ states, limit: pageSize, cursor });
    for (const job of page.jobs) {
      if (job.createdAt < began) return;
      // A batch is no copy of its own.
      if (job.batch === undefined) yield job;
    }
    cursor = page.cursor;
    if (cursor === undefined) return;
  }
}

function placeOf({ bucket, key }: ObjectRef): string {
  return `${bucket}/${key}`;
}
