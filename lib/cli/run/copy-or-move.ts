/** What `cp` and `mv` have in common. */
import { copyOptions } from '../input/copy-request.ts';
import type { CopyFlags } from '../input/options.ts';
import { parseTransfer } from '../input/urls.ts';
import type { Io } from '../process/io.ts';
import { dryRunObject } from './dry-run.ts';
import { runMany } from './many.ts';
import { copyObject } from './object.ts';
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
  const wanted = parseTransfer(input.source, input.destination, flags);
  const options = copyOptions(wanted.scheme, flags);
  const run = async (session: Session): Promise<number> => {
    const store = session.address(wanted.scheme);
    if (wanted.kind === 'object') {
      const request = { mode, store, source: wanted.source, destination: wanted.destination, options };
      return flags.dryRun ? dryRunObject(session, request) : copyObject(session, request);
    }
    const { source, destination } = wanted;
    const { include, exclude, objects = 16 } = flags;
    const many = { mode, store, source, destination, options, include, exclude, objects };
    return runMany(session, many, flags);
  };
  return withSession(io, flags, run, { looks: flags.dryRun && 'stores' });
}
