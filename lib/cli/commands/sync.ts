import { addSyncOptions, type SyncFlags } from '../requests/sync-request.ts';
import { sync } from '../many/sync.ts';
import type { DefineCommand } from '../process/context.ts';

export const defineSync: DefineCommand = (program, context) => {
  addSyncOptions(program.command('sync'))
    .description(
      'Compares two prefixes by size and ETag (by checksum where both tell one) and copies what is missing or different. With --delete what has no source is removed from the destination. ferry resume goes on with a command that was interrupted, ferry status shows it.',
    )
    .argument('<source>', 'a prefix: oss://bucket/prefix/ or s3://bucket/prefix/')
    .argument('<destination>', 'the same; names below the source are kept')
    .action(async (source: string, destination: string, flags: SyncFlags) => {
      context.code = await sync(context.io, { source, destination, flags });
    });
};
