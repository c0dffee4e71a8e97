import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { wholeNumber } from '../input/parse.ts';
import type { DefineCommand } from '../process/context.ts';
import { runRule } from '../run/rule.ts';
import { withRules } from '../run/rules-file.ts';

interface ReconcileFlags extends StoreFlags, OutputFlags {
  config: string;
  fix?: boolean;
  metadata?: boolean;
  removeExtra?: boolean;
  objects: number;
}

export const defineReconcile: DefineCommand = (program, context) => {
  const command = program
    .command('reconcile')
    .argument('<rule>', 'name of the rule')
    .description(
      'Compares source and destination of a rule and reports what is missing, different or left over; writes nothing without --fix. Exit code 3 when something differs and was not repaired. ferry resume goes on with a command that was interrupted, ferry status shows it.',
    )
    .requiredOption('--config <file>', 'the file of `ferry serve`, which holds the rules')
    .option('--fix', 'copy what is missing or different')
    .option('--remove-extra', 'with --fix: also remove replicas whose source is gone, where the rule follows deletes')
    .option('--metadata', 'look at every object and compare metadata too; two requests each')
    .option('--objects <n>', 'objects at once', wholeNumber(1, 1000), 16);
  addStoreOptions(
    addOutputOptions(command, 'one JSON document for each difference, then the numbers, on stdout'),
  ).action(async (name: string, flags: ReconcileFlags) => {
    const { fix, removeExtra, metadata, objects } = flags;
    const wanted = { mode: 'reconcile' as const, name, fix, removeExtra, metadata, objects };
    context.code = await withRules(context.io, flags, (session, rules) => runRule(session, rules, wanted));
  });
};
