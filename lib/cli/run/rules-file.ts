/** What the commands on replication rules have in common: the rules of a `ferry serve` file, and a lister for them. */
import { readFile } from 'node:fs/promises';
import type { Job } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { Invocation } from '../../copy/model/ports.ts';
import type { List } from '../../replicate/compare/listing.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';
import type { OutputFlags, StoreFlags } from '../input/options.ts';
import { UsageError } from '../process/exit.ts';
import type { Io } from '../process/io.ts';
import { pagesOf } from './listing.ts';
import { configOptions, withSession, type Session } from './session.ts';

/** @throws UsageError when the file cannot be read; GiveUp BadRequest that lists what is wrong in it. */
async function readInstallation(io: Io, path: string, flags: StoreFlags) {
  const { loadServeConfig } = await import('../../config/load.ts');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  });
  return await loadServeConfig(io.env, text, configOptions(io, flags));
}

/**
 * Runs a command on the embedded runtime, which decides by the rules of a `ferry serve` file about copies that it sends again.
 *
 * @throws as `withSession` and `readInstallation` do.
 */
export async function withRules(
  io: Io,
  flags: StoreFlags & OutputFlags & { config: string },
  command: (session: Session, rules: RuleSet) => Promise<number>,
): Promise<number> {
  const { config, file } = await readInstallation(io, flags.config, flags);
  const { rules } = file;
  return await withSession(io, flags, (session) => command(session, rules), { config, rules });
}

export function listerOf({ runtime }: Session): List {
  return async function* (address, bucket, { prefix, startAfter }) {
    for await (const page of pagesOf(runtime.store(address), bucket, { prefix, startAfter })) yield* page.contents;
  };
}

/** A whole command is one invocation, as long as it takes. */
export function wholeCommand({ runtime }: Session): Invocation {
  return { id: `${runtime.processes.token}/rules`, deadline: Infinity, attempt: 1 };
}

/** Waits for the jobs of large objects, and returns those that did not end well. */
export async function endOfJobs({ runtime, signal }: Session, ids: readonly string[]): Promise<Job[]> {
  if (ids.length === 0) return [];
  // Only these: what else was interrupted here is not ours to go on with.
  await runtime.resume({ ids, signal });
  const jobs = await Promise.all(ids.map((id) => runtime.job(id)));
  // A superseded replica has a newer copy, which was waited for as well.
  return jobs
    .filter((job) => job !== undefined)
    .filter(({ state }) => !isFinal(state) || state === 'failed' || state === 'cancelled');
}
