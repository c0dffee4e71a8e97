import { isSecondLook } from '../copy/after/recheck-source.ts';
import { copyObject } from '../copy/copy-object.ts';
import type { Invocation, World } from '../copy/model/ports.ts';
import type { Task } from '../copy/model/task.ts';
import { copyOne } from './one/copy.ts';
import { removeOne } from './one/remove.ts';
import type { Route } from './rules/route.ts';
import { sourceKeyOf, type RuleSet } from './rules/rules.ts';

type CopyTask = Extract<Task, { kind: 'copy' }>;

/**
 * Does a task that asks for a copy, in a process that has replication rules. When the source of a replica has moved on, the
 * engine sends the copy again as a task; where the replica carries a marker, that marker and the verdict behind it were about
 * the former version, so the rule decides anew. Where the source is gone by then and the rule follows deletes, so does the
 * replica: a copy that took effect late may have brought it back.
 *
 * @throws as `copyObject` does.
 */
export async function copyByRules(world: World, rules: RuleSet, task: CopyTask, invocation: Invocation): Promise<void> {
  const again = ruledCopy(rules, task);
  if (!again) return await copyObject(world, task, invocation);
  const { route, key, followDelete } = again;
  // The batch that asked first finds what became of its copies by their labels.
  const context = { world, rules, invocation, secondLook: again.secondLook, labels: task.request.labels };
  const outcome = await copyOne(context, route, key, {});
  const isGone = outcome.action === 'skipped' && outcome.why === 'source-gone';
  if (isGone && followDelete) await removeOne(context, route, key, { versioned: false });
}

interface RuledCopy {
  route: Route;
  key: string;
  followDelete: boolean;
  secondLook: boolean;
}

function ruledCopy(rules: RuleSet, task: CopyTask): RuledCopy | undefined {
  if (task.jobId !== undefined || task.request.mode !== 'replicate') return undefined;
  const { labels, source, destination, options } = task.request;
  const route = rules.routes.find(({ id }) => id === labels?.['rule']);
  const followDelete = options.followDelete === true;
  // The rules may have changed since the task was sent.
  const isCurrent = route !== undefined && sourceKeyOf(route, destination.key) === source.key;
  if (!isCurrent || !(route.marked || followDelete)) return undefined;
  return { route, key: source.key, followDelete, secondLook: isSecondLook(task.request) };
}
