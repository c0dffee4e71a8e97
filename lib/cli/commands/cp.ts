import { addCopyOptions, type CopyFlags } from '../input/options.ts';
import type { DefineCommand } from '../process/context.ts';
import { transfer } from '../run/copy-or-move.ts';

export const defineCp: DefineCommand = (program, context) => {
  addCopyOptions(program.command('cp'))
    .description('Copies an object, or everything below a prefix (a source that ends in a slash), inside one store.')
    .argument('<source>', 'oss://bucket/key or s3://bucket/key')
    .argument('<destination>', 'the same; after a slash the name of the source is kept')
    .action(async (source: string, destination: string, flags: CopyFlags) => {
      context.code = await transfer(context.io, { mode: 'copy', source, destination, flags });
    });
};
