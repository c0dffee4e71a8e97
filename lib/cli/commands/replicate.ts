import { backfill } from '../../replicate/backfill.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { wholeNumber } from '../input/parse.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { printLine } from '../process/io.ts';
import { endOfJobs, listerOf, wholeCommand, withRules } from '../run/rules-file.ts';
import type { Session } from '../run/session.ts';
import { plural, printable } from '../text/format.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';

interface ReplicateFlags extends StoreFlags, OutputFlags {
  existing: string;
  config: string;
  objects: number;
}

export const defineReplicate: DefineCommand = (program, context) => {
  const command = program
    .command('replicate')
    .summary('copy what was there before a replication rule')
    .description(
      'Goes through the source of a rule and brings every destination up to date. What is equal already is not copied again, so it can be repeated.',
    )
    .requiredOption('--existing <rule>', 'name of the rule')
    .requiredOption('--config <file>', 'the file of `ferry serve`, which holds the rules')
    .option('--objects <n>', 'objects at once', wholeNumber(1, 1000), 16);
  addStoreOptions(addOutputOptions(command)).action(async (flags: ReplicateFlags) => {
    context.code = await withRules(context.io, flags, (session, rules) => replicateExisting(session, rules, flags));
  });
};

async function replicateExisting(session: Session, rules: RuleSet, flags: ReplicateFlags): Promise<number> {
  const { io, runtime, signal } = session;
  const started: string[] = [];
  const report = await backfill(runtime.world, rules, flags.existing, listerOf(session), wholeCommand(session), {
    concurrency: flags.objects,
    signal,
    onOutcome: (outcome) => {
      if (outcome.action === 'started') started.push(outcome.jobId);
    },
    onFailure: ({ key, error }) => session.say(`${printable(key)}: ${error.message}`),
  });
  const broken = await endOfJobs(session, started);
  for (const job of broken) session.say(`${printable(job.source.key)}: ${job.reason?.message ?? `is ${job.state}`}`);
  signal.throwIfAborted();
  const failed = report.failed + broken.length;
  const copied = report.copied + started.length - broken.length;
  const { listed, unchanged, skipped } = report;
  const document = { rule: flags.existing, listed, copied, unchanged, skipped, failed };
  const text = `${flags.existing}: ${plural(listed, 'object')} looked at, ${copied} copied, ${unchanged} equal already, ${skipped} skipped, ${failed} failed`;
  if (flags.json || !flags.quiet) await printLine(io.stdout, flags.json ? visibleJson(document) : text);
  if (failed === 0) return exit.done;
  return copied + unchanged > 0 ? exit.someFailed : exit.failed;
}
