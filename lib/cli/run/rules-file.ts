/** The rules of a `ferry serve` file, for the commands that go by them. */
import { readFile } from 'node:fs/promises';
import type { RuleSet } from '../../replicate/rules/rules.ts';
import type { OutputFlags, StoreFlags } from '../input/options.ts';
import { UsageError } from '../process/exit.ts';
import type { Io } from '../process/io.ts';
import { configOptions, withSession, type Session, type SessionOptions } from './session.ts';

/** @throws UsageError when the file cannot be read; GiveUp BadRequest that lists what is wrong in it. */
async function readInstallation(io: Io, path: string, flags: StoreFlags) {
  const { loadServeConfig } = await import('../../config/load.ts');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  });
  return await loadServeConfig(io.env, text, configOptions(io, flags));
}

/**
 * Runs a command on the embedded runtime, whose batches go by the rules of a `ferry serve` file.
 *
 * @throws as `withSession` and `readInstallation` do.
 */
export async function withRules(
  io: Io,
  flags: StoreFlags & OutputFlags & { config: string },
  command: (session: Session, rules: RuleSet) => Promise<number>,
  options: Pick<SessionOptions, 'looks'> = {},
): Promise<number> {
  const { config, file } = await readInstallation(io, flags.config, flags);
  const { rules } = file;
  return await withSession(io, flags, (session) => command(session, rules), { ...options, config, rules });
}
