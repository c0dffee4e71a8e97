/** One object of a batch that goes by a replication rule. */
import type { Job } from '../../copy/model/job.ts';
import type { Invocation } from '../../copy/model/ports.ts';
import type { FidelityLoss } from '../../copy/model/result.ts';
import { errorOf } from '../../copy/row/end.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { PageEntry } from '../files/page-file.ts';
import type { ResultLine } from '../files/result-file.ts';
import { errorFields, namesOf, resultFields } from '../files/result-file.ts';
import type { RuleBatch, RuleFinding, RuleWork } from '../model/rule.ts';
import { isRuleMode } from '../model/rule.ts';
import type { WorkFiles } from '../model/work-files.ts';
import { fileOf } from '../model/work-files.ts';
import type { BatchWorld } from '../model/world.ts';
import type { BatchRequest } from '../request/request.ts';

/** What the batch asks of its rule. @throws GiveUp Unsupported where this process knows no rules. */
export function ruleBatchOf(
  world: BatchWorld,
  { mode, rule }: BatchRequest,
  kept?: { id: string; files: WorkFiles },
): { work: RuleWork; batch: RuleBatch } | undefined {
  if (!rule || !isRuleMode(mode)) return undefined;
  if (!world.byRule) {
    throw new GiveUp(
      'Unsupported',
      `This worker knows no replication rules, but received a task of rule ${rule.name}.`,
    );
  }
  const rules = kept && (() => readRules(kept));
  return { work: world.byRule, batch: { mode, rule, ...(kept && { id: kept.id, rules }) } };
}

async function readRules({ id, files }: { id: string; files: WorkFiles }): Promise<string> {
  const text = await files.read(fileOf.rules(id));
  if (text !== undefined) return text;
  throw new GiveUp(
    'StateUnusable',
    `The rules of batch ${id} are missing from its work folder; start the command again.`,
  );
}

/**
 * Does to one object what the rule of its batch says.
 * @throws CopyError
 */
export async function doRuleEntry(
  world: BatchWorld,
  request: BatchRequest,
  entry: PageEntry,
  kept: { id: string; files: WorkFiles },
  invocation: Invocation,
): Promise<{ line: ResultLine } | { job: string }> {
  const its = ruleBatchOf(world, request, kept);
  if (!its) throw new Error('this batch goes by no rule');
  const done = await its.work.work(world, its.batch, entry, invocation, { batch: kept.id });
  return 'job' in done ? done : { line: lineOfFinding(entry, done) };
}

/** The line of a job that has ended: what was found before stands in the labels of its row. */
export function lineOfRuleJob(entry: PageEntry, job: Job): ResultLine {
  const { found, why } = job.labels ?? {};
  const differences: FidelityLoss[] | undefined =
    found === undefined ? undefined : [{ what: found, ...(why !== undefined && { why }) }];
  if (job.state === 'done' && job.result) {
    return lineOfFinding(entry, { status: 'copied', result: job.result, differences });
  }
  // A newer version has a copy of its own.
  if (job.state === 'superseded') return lineOfFinding(entry, { status: 'skipped', why: 'superseded', differences });
  return lineOfFinding(entry, { status: 'failed', error: errorOf(job), differences });
}

function lineOfFinding(entry: PageEntry, { status, result, differences, why, error }: RuleFinding): ResultLine {
  return {
    ...namesOf(entry),
    status,
    ...(result ? resultFields(result) : { size: entry.size }),
    ...(differences && { differences }),
    ...(why !== undefined && { why }),
    ...(error !== undefined && { error: errorFields(error) }),
  };
}
