/** `replicate` and `reconcile`: a batch that goes by a replication rule, shown as one command. */
import { visibleJson } from '../../copy/model/visible-json.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';
import { ruleRequest, type RuleCommand } from '../requests/rule-request.ts';
import { exitOf } from '../output/batch.ts';
import { differenceDocument, differenceText, ruleCounts, ruleEndText } from '../output/rule.ts';
import { printLine } from '../process/io.ts';
import { printable } from '../text/format.ts';
import { dryRunMany, throwReason } from './batch.ts';
import { followLines } from './follow-lines.ts';
import { followLaterCopies, withLaterCopies } from './later-copies.ts';
import type { Session } from './session.ts';

/** Does what the rule says about every object, shows how it goes and sums up. Returns the exit code. */
export async function runRule(
  session: Session,
  rules: RuleSet,
  command: RuleCommand,
  { dryRun = false } = {},
): Promise<number> {
  const request = ruleRequest(rules, command);
  if (dryRun) return await dryRunMany(session, request);
  const { createBatch } = await import('../../batch/index.ts');
  const { io, flags, runtime, signal } = session;
  signal.throwIfAborted();
  const { id } = await createBatch(runtime.batches, request);
  const isReconcile = command.mode === 'reconcile';
  const label = `rule ${printable(command.name)}`;
  const view = await followLines(session, id, { label, failedOnly: !isReconcile }, async (line) => {
    const text = isReconcile && (flags.json ? jsonOf(differenceDocument(line)) : differenceText(line));
    if (text && (flags.json || !flags.quiet)) await printLine(io.stdout, text);
    else if (line.error) session.say(`${printable(line.key)}: ${line.error.message}`);
  });
  const missed = await followLaterCopies(session, id);
  throwReason(view);
  const counts = ruleCounts(view) ?? {};
  if (flags.json)
    await printLine(
      io.stdout,
      visibleJson({ rule: command.name, ...counts, ...(missed > 0 && { missed }), batch: id }),
    );
  else if (isReconcile) await printLine(io.stderr, ruleEndText(view, counts));
  else if (!flags.quiet) await printLine(io.stdout, ruleEndText(view, counts));
  return withLaterCopies(exitOf(view), missed);
}

function jsonOf(document: Record<string, unknown> | undefined): string | undefined {
  return document && visibleJson(document);
}
