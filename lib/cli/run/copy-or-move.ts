/** What `cp` and `mv` have in common. */
import { copyOptions } from '../requests/copy-request.ts';
import type { CopyFlags } from '../input/options.ts';
import { hasWildcard } from '../../keys/wildcard.ts';
import { choiceOf, objectFilters } from '../input/selection.ts';
import { formatUrl, parseMany, parseTransfer, parseUrl, type Prefix, type Transfer } from '../input/urls.ts';
import type { Io } from '../process/io.ts';
import { dryRunObject } from './dry-run.ts';
import { runMany } from './many.ts';
import { copyObject } from './object.ts';
import type { KeyPattern } from '../input/selection.ts';
import { UsageError } from '../process/exit.ts';
import { meantBy } from './pattern.ts';
import { withSession, type Session } from './session.ts';

export interface TransferInput {
  mode: 'copy' | 'rename';
  source: string;
  destination: string;
  flags: CopyFlags;
}

/** Copies or moves one object or a prefix, or shows how it would. Returns the exit code. */
export async function transfer(io: Io, input: TransferInput): Promise<number> {
  const { mode, flags } = input;
  const asked = parseUrl(input.source);
  const mayMatch = hasWildcard(asked.key);
  // What is wrong with the places is said before a store is asked.
  const wanted =
    mayMatch && flags.versionId === undefined
      ? parseMany(asked, parseUrl(input.destination))
      : parseTransfer(input.source, input.destination, flags);
  const options = copyOptions(wanted.scheme, flags);
  const run = async (session: Session): Promise<number> => {
    if (mayMatch) return await runPattern(session);
    return await runPlain(session, wanted as Transfer);
  };
  /** With wildcards: the key that holds them if there is one, else everything that matches. */
  const runPattern = async (session: Session): Promise<number> => {
    const as = flags.recursive ? 'prefix' : 'object';
    const { url, pattern } = await meantBy(session.client(wanted.scheme), asked, as, flags.versionId);
    if (!pattern) return await runPlain(session, parseTransfer(formatUrl(url), input.destination, flags));
    const store = session.address(wanted.scheme);
    const source = { bucket: url.bucket, prefix: pattern.literal };
    const { destination } = parseMany(asked, parseUrl(input.destination));
    refuseInside(input, pattern, source, destination);
    const many = { mode, store, source, destination };
    const chosen = { choice: choiceOf(flags, pattern.below, pattern), filters: objectFilters(flags) };
    const more = { below: pattern.below, asked: input.source, allowEmpty: flags.allowEmpty };
    return await runMany(session, { ...many, options, ...chosen, ...more, objects: flags.objects ?? 16 }, flags);
  };
  const runPlain = async (session: Session, wanted: Transfer): Promise<number> => {
    const store = session.address(wanted.scheme);
    if (wanted.kind === 'object') {
      const request = { mode, store, source: wanted.source, destination: wanted.destination, options };
      return flags.dryRun ? dryRunObject(session, request) : copyObject(session, request);
    }
    const { source, destination } = wanted;
    const { objects = 16, allowEmpty } = flags;
    const chosen = { choice: choiceOf(flags, source.prefix), filters: objectFilters(flags), allowEmpty };
    const many = { mode, store, source, destination, options, ...chosen, objects };
    return runMany(session, many, flags);
  };
  return withSession(io, flags, run, { looks: flags.dryRun && 'stores' });
}

/** What is written where the pattern looks might be listed, and copied, again. */
function refuseInside(
  { source: asked, destination: to }: TransferInput,
  { literal, below }: KeyPattern,
  source: Prefix,
  destination: Prefix,
): void {
  if (source.bucket !== destination.bucket) return;
  if (destination.prefix !== below && !destination.prefix.startsWith(literal)) return;
  throw new UsageError(
    `${to} lies where ${asked} looks for objects: the command would work on its own results. Choose a destination outside of it.`,
  );
}
