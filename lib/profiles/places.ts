/** Where the tools of the vendors keep their files. */
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { GiveUp } from '../copy/model/errors.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** The user's home folder; undefined in a container whose user has neither HOME nor an entry in /etc/passwd. */
export function homeOf(env: Env): string | undefined {
  const named = env['HOME'] || env['USERPROFILE'];
  if (named) return named;
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}

/** A file named by a variable, else one below the home folder; undefined when there is no home. */
export function placeOf(env: Env, variable: string, ...below: string[]): string | undefined {
  const home = homeOf(env);
  const named = env[variable];
  if (named) return home !== undefined && named.startsWith('~/') ? join(home, named.slice(2)) : named;
  return home === undefined ? undefined : join(home, ...below);
}

/**
 * Whether the file is there. The loader of the vendor takes a file that it cannot read for an empty one, so this is asked
 * first. A file in a folder that may not be entered counts as absent: a container's user often has the home of another.
 *
 * @throws GiveUp InvalidCredentials for a file that is there and cannot be read.
 */
export function isThere(path: string | undefined): path is string {
  if (path === undefined) return false;
  try {
    statSync(path);
  } catch {
    return false;
  }
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new GiveUp('InvalidCredentials', `${path} cannot be read (${code}); check its permissions.`, {
      cause: error,
    });
  }
}
