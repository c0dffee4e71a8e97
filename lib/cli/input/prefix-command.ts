import * as z from 'zod/mini';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { CopyOptions } from '../../copy/model/request.ts';
import { printable } from '../text/format.ts';
import type { Prefix } from './urls.ts';

/** What has to be known to do the command again after an interruption; kept in the run log, so it holds no secret. */
export interface PrefixCommand {
  mode: 'copy' | 'rename';
  store: StoreAddress;
  source: Prefix;
  destination: Prefix;
  options: CopyOptions;
  include?: string[];
  exclude?: string[];
  /** Objects at once. */
  objects: number;
}

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

/** The command that a run log entry holds; undefined when another version of ferry wrote something else. */
export function readCommand(args: unknown): PrefixCommand | undefined {
  const read = shape.safeParse(args);
  return read.success ? (read.data as PrefixCommand) : undefined;
}

/** `mv oss://a/logs/ oss://b/old/`. */
export function commandText(args: unknown): string {
  const command = readCommand(args);
  if (!command) return 'of another version of ferry';
  const { mode, store, source, destination } = command;
  const url = (side: Prefix) => printable(`${store.scheme}://${side.bucket}/${side.prefix}`);
  return `${mode === 'copy' ? 'cp' : 'mv'} ${url(source)} ${url(destination)}`;
}
