import { addListOptions, addMappingOptions, addPaceOptions } from '../input/batch-options.ts';
import { addCopyOptions, addLossOption } from '../input/options.ts';
import { transferAll, type TransferFlags } from '../many/transfer-all.ts';
import type { DefineCommand } from '../process/context.ts';

export const defineMv: DefineCommand = (program, context) => {
  addCopyOptions(program.command('mv'), (command) =>
    addMappingOptions(addListOptions(addPaceOptions(addLossOption(command)))),
  )
    .description(
      'Moves an object, several, or everything below a prefix: copies, verifies, and deletes the source only if it is still the version that was copied. With --manifest or --inventory a list names the objects, and only the destination is an argument.',
    )
    .usage('[options] <source...> <destination>')
    .argument(
      '<places...>',
      'oss://bucket/key or s3://bucket/key; the last one is the destination: after a slash names are kept',
    )
    .action(async (places: string[], flags: TransferFlags) => {
      context.code = await transferAll(context.io, 'rename', places, flags);
    });
};
