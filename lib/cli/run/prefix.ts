import { CopyError, gaveUp, GiveUp } from '../../copy/model/errors.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import type { CopyResult } from '../../copy/model/result.ts';
import type { PrefixCommand } from '../input/prefix-command.ts';
import type { Moment } from '../output/progress.ts';
import { errorDocument, leftOutText, resultDocument } from '../output/result.ts';
import { exit } from '../process/exit.ts';
import { printLine } from '../process/io.ts';
import { formatCount, printable, shellQuote } from '../text/format.ts';
import { paintFor } from '../text/paint.ts';
import { objectsBelow } from './listing.ts';
import { copyPrefix, type PrefixEvents, type PrefixWork } from './prefix-objects.ts';
import type { Session } from './session.ts';
import type { Tally } from './tally.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';

/** How often the run log hears of the counts, milliseconds. */
const noteEveryMs = 5_000;

/** A run that an earlier process left unfinished. */
export interface Resumed {
  runId: string;
}

/** Copies or moves a prefix, shows how it goes and sums up. Returns the exit code. */
export async function runPrefix(session: Session, command: PrefixCommand, resumed?: Resumed): Promise<number> {
  const { runtime, signal } = session;
  const runId = resumed?.runId ?? runtime.runs.begin(command).id;
  const startedAt = performance.now();
  const name = `${command.store.scheme}://${command.source.bucket}/${command.source.prefix}`;
  const progress = session.progress({ label: printable(name) });
  const events = eventsFor(session, runId, progress.update);
  let tally: Tally;
  try {
    tally = await copyPrefix(command, workFor(session, command), events, resumed !== undefined);
  } catch (error) {
    if (!signal.aborted) keepOrEnd(session, runId, error);
    throw error;
  } finally {
    progress.stop();
  }
  if (signal.aborted) runtime.runs.update(runId, tally.counts());
  signal.throwIfAborted();
  runtime.runs.finish(runId, tally.counts());
  return sumUp(session, command, tally, (performance.now() - startedAt) / 1000, resumed !== undefined);
}

/** What may work later is left to `ferry resume`; what cannot is over. */
function keepOrEnd({ runtime, config, say }: Session, runId: string, error: unknown): void {
  if (!(error instanceof CopyError)) return;
  if (error.decision !== 'retry') runtime.runs.finish(runId, {});
  else say(`stopped by what may pass; go on with: ferry resume --state ${shellQuote(config.home)}`);
}

function workFor(session: Session, command: PrefixCommand): PrefixWork {
  const client = session.client(command.store.scheme);
  return {
    list: (bucket, prefix) => objectsBelow(client, bucket, prefix),
    copy: async (request, onBytes) => {
      const options = {
        signal: session.signal,
        onProgress: ({ bytesDone }: { bytesDone: number }) => onBytes(bytesDone),
      };
      return (await session.runtime.run(request, options)).result;
    },
    isThere: (request) => isThere(session, request),
    signal: session.signal,
  };
}

/** The destination exists, and holds what the source holds if there still is a source. */
async function isThere(session: Session, request: CopyRequest): Promise<boolean> {
  const client = session.client(request.store.scheme);
  const look = async (ref: CopyRequest['source']) => {
    try {
      return await client.head(ref);
    } catch (error) {
      if (gaveUp(error, 'NotFound')) return undefined;
      throw error;
    }
  };
  const [source, destination] = await Promise.all([look(request.source), look(request.destination)]);
  if (!destination) return false;
  if (!source) return request.mode === 'rename';
  if (source.crc64 !== undefined && destination.crc64 !== undefined) return source.crc64 === destination.crc64;
  return source.size === destination.size && source.etag === destination.etag;
}

function eventsFor(session: Session, runId: string, update: (moment: Moment) => void): PrefixEvents {
  const { io, flags, runtime } = session;
  let noted = performance.now();
  return {
    async onObject(request, { result, error, seconds }) {
      if (flags.json) await printLine(io.stdout, visibleJson(document(request, result, error, seconds)));
      if (error !== undefined) session.complain(error);
    },
    onProgress(tally, inFlight) {
      update({
        bytes: tally.bytes + inFlight,
        total: tally.listed ? tally.foundBytes : undefined,
        count: countText(tally),
      });
      if (performance.now() - noted < noteEveryMs) return;
      noted = performance.now();
      runtime.runs.update(runId, tally.counts());
    },
  };
}

function document(
  request: CopyRequest,
  result: CopyResult | undefined,
  error: unknown,
  seconds: number,
): Record<string, unknown> {
  return result ? resultDocument(request, result, seconds) : errorDocument(request, error);
}

function countText(tally: Tally): string {
  const failed = tally.failed > 0 ? `, ${formatCount(tally.failed)} failed` : '';
  const found = `${formatCount(tally.found)}${tally.listed ? '' : '+'}`;
  return `${formatCount(tally.done)}/${found} objects${failed}`;
}

function sumUp(session: Session, command: PrefixCommand, tally: Tally, seconds: number, resumed: boolean): number {
  const { io, flags } = session;
  const out = flags.json ? io.stderr : io.stdout;
  const paint = paintFor(out, io.env);
  const name = printable(`${command.store.scheme}://${command.source.bucket}/${command.source.prefix}`);
  if (tally.found === 0 && !resumed) {
    throw new GiveUp(
      'NotFound',
      `nothing to ${command.mode === 'copy' ? 'copy' : 'move'}: no object matches below ${name}.`,
    );
  }
  const code = tally.exitCode();
  const mark = code === exit.done ? paint('green', '✓') : paint('yellow', '!');
  const verb = command.mode === 'copy' ? 'copied' : 'moved';
  const leftOut = tally.notKept.size > 0 ? `; ${leftOutText([...tally.notKept])}` : '';
  if (!flags.quiet) out.write(`${mark} ${verb} ${tally.text(seconds)}${leftOut}\n`);
  const warn = paintFor(io.stderr, io.env);
  for (const [what, objects] of tally.losses) {
    session.say(`${warn('yellow', '!')} not kept: ${what}, on ${formatCount(objects)} objects (--json tells which)`);
  }
  return code;
}
