/** What `cp` and `mv` have in common. */
import { copyOptions } from '../requests/copy-request.ts';
import type { CopyFlags } from '../input/options.ts';
import { hasWildcard } from '../../keys/wildcard.ts';
import { choiceOf, objectFilters } from '../input/selection.ts';
import { formatUrl, parseMany, parseTransfer, parseUrl, type Prefix, type Transfer } from '../input/urls.ts';
import type { Io } from '../process/io.ts';
import { dryRunObject } from './dry-run.ts';
import { runMany } from './many.ts';
import { areaOf, copyKeys } from './customer-keys.ts';
import { copyObject } from './object.ts';
import type { KeyPattern } from '../input/selection.ts';
import { UsageError } from '../process/exit.ts';
import { meantBy } from '../find/pattern.ts';
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
  const keys = keysFor(io, input, wanted);
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
  return withSession(io, flags, run, { looks: flags.dryRun && 'stores', keys });
}

/** Which objects the keys of the customer are for. @throws UsageError. */
function keysFor(io: Io, { source, flags, destination: to }: TransferInput, wanted: Transfer | Wildcards) {
  const { scheme } = wanted;
  if (!('kind' in wanted) && flags.sseC !== undefined && !/\/$/.test(to)) {
    // Whether one object is meant or many shows only later, and the key must be for all that is written.
    throw new UsageError('with --sse-c and wildcards in the source, end the destination in a slash.');
  }
  const destination =
    'kind' in wanted && wanted.kind === 'object' ? wanted.destination : asArea(wanted.destination as Prefix);
  const area = 'kind' in wanted && wanted.kind === 'prefix' ? asArea(wanted.source) : areaOf(parseUrl(source));
  return copyKeys(io, flags, {
    scheme,
    source: area,
    destination: { bucket: destination.bucket, key: destination.key },
  });
}

type Wildcards = ReturnType<typeof parseMany>;

function asArea({ bucket, prefix }: Prefix): { bucket: string; key: string } {
  return { bucket, key: prefix };
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
