import { gaveUp } from '../../copy/model/errors.ts';
import { describe } from '../../copy/model/object.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import {
  errorDocument,
  lossLines,
  resultDocument,
  resultLine,
  skippedDocument,
  skippedLine,
} from '../output/result.ts';
import { exit, exitCodeOf } from '../process/exit.ts';
import { formatCount, printable } from '../text/format.ts';
import { paintFor } from '../text/paint.ts';
import type { Session } from './session.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';

/** Copies, moves or changes one object, shows how it goes and what became of it. Returns the exit code. */
export async function copyObject(session: Session, request: CopyRequest): Promise<number> {
  const { io, flags, runtime, signal } = session;
  const startedAt = performance.now();
  let saidWait = false;
  const progress = session.progress({ label: printable(describe(request.store, request.destination)) });
  try {
    // Journaled whatever the size: a command that is killed can be resumed.
    const { result, job } = await runtime.run(
      { ...request, journal: true },
      {
        signal,
        onProgress: ({ bytesDone, size, partsDone, parts, restoring, jobId }) => {
          if (restoring && !saidWait) session.say(waitText(jobId));
          saidWait ||= restoring === true;
          progress.update({
            bytes: bytesDone,
            total: size,
            count: parts === 0 ? '' : `${formatCount(partsDone)}/${formatCount(parts)} parts`,
          });
        },
      },
    );
    progress.stop();
    const seconds = (performance.now() - startedAt) / 1000;
    const warn = paintFor(io.stderr, io.env);
    if (flags.json) io.stdout.write(`${visibleJson(resultDocument(request, result, seconds, job?.id))}\n`);
    else if (!flags.quiet) io.stdout.write(`${resultLine(request, result, seconds, paintFor(io.stdout, io.env))}\n`);
    for (const line of lossLines(result.lost, warn)) session.say(line);
    return exit.done;
  } catch (error) {
    progress.stop();
    if (signal.aborted) throw error;
    if (request.options.overwrite === 'never' && gaveUp(error, 'DestinationExists')) return sayKept(session, request);
    if (flags.json) io.stdout.write(`${visibleJson(errorDocument(request, error))}\n`);
    session.complain(error);
    return exitCodeOf(error);
  }
}

function waitText(jobId = ''): string {
  return (
    `the source is archived and is being restored, which can take hours: job ${jobId} copies it when it is readable. ` +
    'Ctrl-C stops waiting; ferry resume goes on later.'
  );
}

/** As it was asked for: what is there stays, and that is no failure. */
function sayKept({ io, flags }: Session, request: CopyRequest): number {
  if (flags.json) io.stdout.write(`${visibleJson(skippedDocument(request))}\n`);
  else if (!flags.quiet) io.stdout.write(`${skippedLine(request, paintFor(io.stdout, io.env))}\n`);
  return exit.done;
}
