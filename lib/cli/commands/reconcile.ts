import { CopyError } from '../../copy/model/errors.ts';
import type { Difference } from '../../replicate/reconcile.ts';
import { reconcile } from '../../replicate/reconcile.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { wholeNumber } from '../input/parse.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { printLine } from '../process/io.ts';
import { endOfJobs, listerOf, wholeCommand, withRules } from '../run/rules-file.ts';
import type { Session } from '../run/session.ts';
import { plural, printable } from '../text/format.ts';

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
    .summary('compare both sides of a replication rule')
    .description(
      'Compares source and destination of a rule and reports what is missing, different or left over. Exit code 3 when something differs and was not repaired.',
    )
    .requiredOption('--config <file>', 'the file of `ferry serve`, which holds the rules')
    .option('--fix', 'copy what is missing or different')
    .option('--remove-extra', 'with --fix: also remove replicas whose source is gone, where the rule follows deletes')
    .option('--metadata', 'look at every object and compare metadata too; two requests each')
    .option('--objects <n>', 'objects at once', wholeNumber(1, 1000), 16);
  addStoreOptions(addOutputOptions(command)).action(async (rule: string, flags: ReconcileFlags) => {
    context.code = await withRules(context.io, flags, (session, rules) => compare(session, rules, rule, flags));
  });
};

async function compare(session: Session, rules: RuleSet, rule: string, flags: ReconcileFlags): Promise<number> {
  const { io, runtime, signal } = session;
  const started: string[] = [];
  // In order, and no faster than the reader of the output.
  let printed = Promise.resolve();
  const report = await reconcile(runtime.world, rules, rule, listerOf(session), wholeCommand(session), {
    concurrency: flags.objects,
    fix: flags.fix,
    metadata: flags.metadata,
    removeExtra: flags.removeExtra,
    onDifference: (difference) => {
      const { repair } = difference;
      if (repair && !(repair instanceof CopyError) && repair.action === 'started') started.push(repair.jobId);
      const line = flags.json ? JSON.stringify(documentOf(difference)) : describe(difference);
      if (flags.json || !flags.quiet) printed = printed.then(() => printLine(io.stdout, line));
    },
  });
  await printed;
  const broken = await endOfJobs(session, started);
  for (const job of broken) session.say(`${printable(job.source.key)}: ${job.reason?.message ?? `is ${job.state}`}`);
  signal.throwIfAborted();
  const { compared, equal, missing, different, extra, unproven } = report;
  const repaired = report.repaired - broken.length;
  const failed = report.failed + broken.length;
  const document = { rule, compared, equal, missing, different, extra, unproven, repaired, failed };
  const text =
    `${rule}: ${plural(compared, 'object')} compared, ${equal} equal, ${missing} missing, ${different} different, ` +
    `${extra} extra, ${unproven} unproven; ${repaired} repaired, ${failed} failed`;
  await (flags.json ? printLine(io.stdout, JSON.stringify(document)) : printLine(io.stderr, text));
  const left = missing + different + extra + unproven - repaired;
  return failed > 0 || left > 0 ? exit.someFailed : exit.done;
}

/** An error turns into its message; everything else is JSON as it is. */
function documentOf({ repair, ...difference }: Difference): object {
  if (repair === undefined) return difference;
  return {
    ...difference,
    repair: repair instanceof CopyError ? { error: repair.code, message: repair.message } : repair,
  };
}

function describe({ kind, key, destination, why, repair }: Difference): string {
  const done = repair instanceof CopyError ? `not repaired: ${repair.message}` : repair?.action;
  const notes = [why, done].filter((note) => note !== undefined).join('; ');
  return `${kind.padEnd(9)} ${printable(key)} -> ${destination.bucket}/${printable(destination.key)}${notes ? ` (${notes})` : ''}`;
}
