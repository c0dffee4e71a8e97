/** Commands over a prefix that a version before batches left unfinished in the state folder. */
import * as z from 'zod/mini';
import type { CopyOptions } from '../../copy/model/request.ts';
import { printable } from '../text/format.ts';
import type { Many } from './many-request.ts';
import type { Prefix } from '../input/urls.ts';

const prefix = z.object({ bucket: z.string(), prefix: z.string() });
const shape = z.object({
  mode: z.enum(['copy', 'rename']),
  store: z.object({ scheme: z.enum(['oss', 's3']), endpoint: z.optional(z.string()), region: z.optional(z.string()) }),
  source: prefix,
  destination: prefix,
  options: z.record(z.string(), z.unknown()),
  include: z.optional(z.array(z.string())),
  exclude: z.optional(z.array(z.string())),
  objects: z.int(),
});

/** The command; undefined when a version that this one does not know wrote something else. */
export function readOldRun(args: unknown): (Many & { mode: 'copy' | 'rename'; destination: Prefix }) | undefined {
  const read = shape.safeParse(args);
  return read.success ? { ...read.data, options: read.data.options as CopyOptions } : undefined;
}

/**
 * What is left of the command. What it has copied counts as done: a copy writes only what differs. A move finds only sources
 * that are still there, and overwrites nothing unless it was asked to.
 */
export function restOfOldRun(args: unknown): Many | undefined {
  const command = readOldRun(args);
  if (!command) return undefined;
  const { mode, options } = command;
  const skipsEqual = mode === 'copy' && (options.overwrite ?? 'always') === 'always';
  return skipsEqual ? { ...command, options: { ...options, overwrite: 'if-different' } } : command;
}

/** `oss://a/logs/ -> oss://b/old/`. */
export function oldRunText(args: unknown): string {
  const command = readOldRun(args);
  if (!command) return 'of another version of ferry';
  const { store, source, destination } = command;
  const url = (side: Prefix) => printable(`${store.scheme}://${side.bucket}/${side.prefix}`);
  return `${url(source)} -> ${url(destination)}`;
}
