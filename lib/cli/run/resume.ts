import { errorDocument, lossLines, resultDocument, resultLine } from '../output/result.ts';
import { exit, exitCodeOf } from '../process/exit.ts';
import { plural } from '../text/format.ts';
import { paintFor } from '../text/paint.ts';
import { printEnd } from './batch.ts';
import type { Session } from './session.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';

/** Brings the jobs and batches of dead processes to their end, shows each, and returns an exit code for each. */
export async function resumeJobs(session: Session): Promise<number[]> {
  const { io, flags, runtime, signal } = session;
  const codes: number[] = [];
  const known = new Map<string, { bytes: number; size: number }>();
  const progress = session.progress({ label: 'resuming' });
  try {
    await runtime.resume({
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
      async onOutcome({ job, batch, result, error }) {
        if (batch) {
          codes.push(await printEnd(session, batch));
          return;
        }
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
