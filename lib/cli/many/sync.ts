/** `sync`: a batch that compares two prefixes, shown as one command. */
import type { BatchInput, BatchView } from '../../batch/index.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';
import { syncPlaces, syncRequest, type SyncFlags } from '../requests/sync-request.ts';
import { formatUrl, parseUrl } from '../input/urls.ts';
import { exitOf } from '../output/batch.ts';
import { errorOfLine, lineDocument } from '../output/many.ts';
import {
  kindOf,
  sourcesOf,
  syncDifferenceDocument,
  syncDifferenceText,
  syncEndText,
  syncLineDocument,
  syncPlanText,
} from '../output/sync.ts';
import { exit, UsageError } from '../process/exit.ts';
import { printLine, type Io } from '../process/io.ts';
import { throwReason } from '../run/batch.ts';
import { followLines } from '../run/follow-lines.ts';
import { meantBy } from '../find/pattern.ts';
import { withSession, type Session } from '../run/session.ts';
import { plural, printable } from '../text/format.ts';
import { paintFor } from '../text/paint.ts';

export interface SyncCommand {
  source: string;
  destination: string;
  flags: SyncFlags;
}

/** Brings the destination to what the source holds, or shows how it would. Returns the exit code. */
export async function sync(io: Io, command: SyncCommand): Promise<number> {
  const { source, destination, flags } = command;
  const { scheme } = syncPlaces(source, destination);
  return await withSession(
    io,
    flags,
    async (session) => {
      const { url, pattern } = await meantBy(session.client(scheme), parseUrl(source), 'prefix');
      if (pattern) {
        throw new UsageError(
          `sync compares everything below a prefix, and "${source}" has a wildcard: choose by --include and --exclude, such as --include '*.csv'.`,
        );
      }
      const places = syncPlaces(formatUrl(url), destination);
      const request = syncRequest(places, session.address(scheme), flags);
      if (flags.dryRun) return await preview(session, command, request);
      return await run(session, command, request);
    },
    // What ended the batch is the error of the command.
    { looks: flags.dryRun && 'stores', mutes: /^error: a batch failed / },
  );
}

async function run(session: Session, command: SyncCommand, request: BatchInput): Promise<number> {
  const { flags } = command;
  const { createBatch } = await import('../../batch/index.ts');
  const { io, runtime, signal } = session;
  signal.throwIfAborted();
  const { id } = await createBatch(runtime.batches, request);
  if (flags.detach) {
    await printLine(
      io.stdout,
      flags.json ? visibleJson({ batch: id }) : `batch ${id} is started; ferry resume ${id} goes on with it.`,
    );
    return exit.done;
  }
  const label = printable(command.source);
  const view = await followLines(session, id, { label, failedOnly: !flags.json }, async (line) => {
    if (flags.json) {
      const isCopy = line.status === 'copied' || line.status === 'failed';
      const document = isCopy
        ? lineDocument({ mode: 'copy', store: request.store, options: request.options }, line)
        : syncLineDocument(line);
      await printLine(io.stdout, visibleJson(document));
    }
    if (line.status === 'failed') session.complain(errorOfLine(line));
  });
  return await sumUp(session, command, view);
}

async function sumUp(session: Session, { source, flags }: SyncCommand, view: BatchView): Promise<number> {
  const { io } = session;
  throwReason(view);
  if (sourcesOf(view) === 0 && !flags.allowEmpty) throw nothingBelow(source);
  const out = flags.json ? io.stderr : io.stdout;
  const paint = paintFor(out, io.env);
  const code = exitOf(view);
  const mark = code === exit.done ? paint('green', '✓') : paint('yellow', '!');
  if (!flags.quiet) await printLine(out, syncEndText(view, mark));
  const { losses, counts } = view.counts;
  const warn = paintFor(io.stderr, io.env);
  for (const [what, objects] of Object.entries(losses))
    session.say(`${warn('yellow', '!')} not kept: ${what}, on ${plural(objects, 'object')} (--json tells which)`);
  if ((counts.undecided ?? 0) > 0 && !flags.quiet)
    session.say(
      `undecided: equal size, and neither ETags nor checksums tell more. ferry batch report ${view.id} --status undecided names them; --undecided copy copies them, --undecided keep takes them for equal.`,
    );
  return code;
}

async function preview(session: Session, { source, flags }: SyncCommand, request: BatchInput): Promise<number> {
  const { previewSync } = await import('../../batch/index.ts');
  const { io, runtime } = session;
  const differences = previewSync(runtime.batches, request);
  const kinds: Partial<Record<ReturnType<typeof kindOf>, number>> = {};
  for (;;) {
    const next = await differences.next();
    if (next.done) {
      const { sides, refusal } = next.value;
      if (sides.sources === 0 && !flags.allowEmpty && !refusal) throw nothingBelow(source);
      const text = syncPlanText(kinds, next.value, flags.delete === true);
      if (!flags.quiet) await printLine(flags.json ? io.stderr : io.stdout, `${text} (dry run: nothing is written)`);
      if (refusal) throw refusal;
      return (kinds.failed ?? 0) + (kinds.undecided ?? 0) > 0 ? exit.someFailed : exit.done;
    }
    const kind = kindOf(next.value);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    const document = flags.json ? syncDifferenceDocument(next.value) : undefined;
    const text = flags.json ? document && visibleJson(document) : syncDifferenceText(next.value, request.store.scheme);
    if (text !== undefined && (flags.json || !flags.quiet)) await printLine(io.stdout, text);
  }
}

function nothingBelow(source: string): GiveUp {
  return new GiveUp(
    'NotFound',
    `nothing to sync: no object matches below ${printable(source)} (--allow-empty makes that no error).`,
  );
}
