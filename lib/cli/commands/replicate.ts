import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { wholeNumber } from '../input/parse.ts';
import type { DefineCommand } from '../process/context.ts';
import { runRule } from '../run/rule.ts';
import { withRules } from '../run/rules-file.ts';

interface ReplicateFlags extends StoreFlags, OutputFlags {
  existing: string;
  config: string;
  objects: number;
  dryRun?: boolean;
}

export const defineReplicate: DefineCommand = (program, context) => {
  const command = program
    .command('replicate')
    .description(
      'Goes through the source of a rule and brings every destination up to date. What is equal already is not copied again. ferry resume goes on with a command that was interrupted, ferry status shows it.',
    )
    .requiredOption('--existing <rule>', 'name of the rule')
    .requiredOption('--config <file>', 'the file of `ferry serve`, which holds the rules')
    .option('--objects <n>', 'objects at once', wholeNumber(1, 1000), 16)
    .option('-n, --dry-run', 'write nothing; print the plan: calls, cost, permissions, what would be lost');
  addStoreOptions(addOutputOptions(command, 'one JSON document with the numbers on stdout')).action(
    async (flags: ReplicateFlags) => {
      const { existing: name, objects, dryRun } = flags;
      context.code = await withRules(
        context.io,
        flags,
        (session, rules) => runRule(session, rules, { mode: 'replicate', name, objects }, { dryRun }),
        { looks: dryRun && 'stores' },
      );
    },
  );
};
