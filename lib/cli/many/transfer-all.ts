/** `cp` and `mv`: of one source, of several objects, or of what a list names. */
import { hasWildcard } from '../../keys/wildcard.ts';
import type { CopyFlags } from '../input/options.ts';
import { formatUrl, parseTransfer, parseUrl } from '../input/urls.ts';
import { exit, UsageError } from '../process/exit.ts';
import type { Io } from '../process/io.ts';
import { copyOptions } from '../requests/copy-request.ts';
import { asBatch, batchOptionsIn, type ManyAsBatchFlags } from '../requests/many-as-batch.ts';
import { transfer } from '../run/copy-or-move.ts';
import { dryRunObject } from '../run/dry-run.ts';
import { copyObject } from '../run/object.ts';
import { withSession } from '../run/session.ts';
import { batchKeys } from './batch-keys.ts';
import { startBatch } from './start-batch.ts';

export type TransferFlags = CopyFlags & ManyAsBatchFlags;

/** @param places the sources, and the destination last. Returns the exit code. */
export async function transferAll(
  io: Io,
  mode: 'copy' | 'rename',
  places: readonly string[],
  flags: TransferFlags,
): Promise<number> {
  if (batchOptionsIn(flags).length > 0) {
    const batch = asBatch(mode, places, flags);
    return await withSession(io, flags, (session) => startBatch(session, batch.places, batch.flags, false), {
      looks: flags.dryRun && 'stores',
      keys: batchKeys(io, batch.places, batch.flags),
    });
  }
  const [source, destination] = places;
  if (source === undefined || destination === undefined)
    throw new UsageError(`"${source ?? ''}" is the only URL: name source and destination.`);
  if (places.length === 2) return await transfer(io, { mode, source, destination, flags });
  return await severalObjects(io, mode, places, flags);
}

/**
 * One object after the other, into one prefix. All that the command line alone tells is checked before the first: of two objects of one
 * name the second would overwrite the first.
 */
async function severalObjects(
  io: Io,
  mode: 'copy' | 'rename',
  places: readonly string[],
  flags: CopyFlags,
): Promise<number> {
  const to = parseUrl(places.at(-1) ?? '');
  if (to.key !== '' && !to.key.endsWith('/')) {
    throw new UsageError(
      `"${formatUrl(to)}" is one object, and ${places.length - 1} sources are to go there: end the destination with a slash.`,
    );
  }
  if (flags.sseC !== undefined || flags.sseCSource !== undefined)
    throw new UsageError('with --sse-c or --sse-c-source name one source: a key is for one place.');
  if (flags.versionId !== undefined)
    throw new UsageError('--version-id names a version of one object; name one source.');
  const byKey = new Map<string, string>();
  const objects = places.slice(0, -1).map((place) => {
    const isOne = !flags.recursive && !hasWildcard(parseUrl(place).key) && !place.endsWith('/');
    const one = isOne ? parseTransfer(place, formatUrl(to), flags) : undefined;
    if (one?.kind !== 'object') {
      throw new UsageError(
        `of several sources each is one object, and "${place}" stands for many: give it a command of its own.`,
      );
    }
    const before = byKey.get(one.destination.key);
    if (before !== undefined)
      throw new UsageError(`"${before}" and "${place}" would both become ${one.destination.key}.`);
    byKey.set(one.destination.key, place);
    return one;
  });
  const options = copyOptions(to.scheme, flags);
  return await withSession(
    io,
    flags,
    async (session) => {
      const store = session.address(to.scheme);
      const codes: number[] = [];
      for (const { source, destination } of objects) {
        session.signal.throwIfAborted();
        const request = { mode, store, source, destination, options };
        codes.push(await (flags.dryRun ? dryRunObject(session, request) : copyObject(session, request)));
      }
      const bad = codes.filter((code) => code !== exit.done);
      return bad.length === 0 ? exit.done : bad.length < codes.length ? exit.someFailed : exit.failed;
    },
    { looks: flags.dryRun && 'stores' },
  );
}
