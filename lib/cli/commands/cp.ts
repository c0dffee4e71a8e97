import { addListOptions, addMappingOptions, addPaceOptions } from '../input/batch-options.ts';
import { addCopyOptions } from '../input/options.ts';
import { transferAll, type TransferFlags } from '../many/transfer-all.ts';
import type { DefineCommand } from '../process/context.ts';

export const defineCp: DefineCommand = (program, context) => {
  addCopyOptions(program.command('cp'), (command) => addMappingOptions(addListOptions(addPaceOptions(command))))
    .description(
      'Copies an object, several, or everything below a prefix (a source that ends in a slash), inside one store. With --manifest or --inventory a list names the objects, and only the destination is an argument.',
    )
    .usage('[options] <source...> <destination>')
    .argument(
      '<places...>',
      'oss://bucket/key or s3://bucket/key; the last one is the destination: after a slash names are kept',
    )
    .action(async (places: string[], flags: TransferFlags) => {
      context.code = await transferAll(context.io, 'copy', places, flags);
    });
};
