import { addCopyOptions, addLossOption, type CopyFlags } from '../input/options.ts';
import type { DefineCommand } from '../process/context.ts';
import { transfer } from '../run/copy-or-move.ts';

export const defineMv: DefineCommand = (program, context) => {
  addCopyOptions(program.command('mv'), addLossOption)
    .description(
      'Moves an object, or everything below a prefix: copies, verifies, and deletes the source only if it is still the version that was copied.',
    )
    .argument('<source>', 'oss://bucket/key or s3://bucket/key')
    .argument('<destination>', 'the same; after a slash the name of the source is kept')
    .action(async (source: string, destination: string, flags: CopyFlags) => {
      context.code = await transfer(context.io, { mode: 'rename', source, destination, flags });
    });
};
