import type { Invocation, World } from '../copy/ports.ts';
import type { Task } from '../copy/task.ts';
import { work } from '../copy/work.ts';
import { copyOne } from './copy-one.ts';
import { sourceKeyOf, type Route, type RuleSet } from './rules.ts';

/**
 * The engine's `work` for a process that has replication rules. When the source of a replica has moved on, the engine sends
 * the copy again as a task; where the replica carries a marker, that marker and the verdict behind it were about the former
 * version, so the rule decides anew.
 *
 * @throws as `work` does.
 */
export async function workByRules(world: World, rules: RuleSet, task: Task, invocation: Invocation): Promise<void> {
  const again = markedCopy(rules, task);
  if (!again) return await work(world, task, invocation);
  await copyOne({ world, rules, invocation }, again.route, again.key, {});
}

function markedCopy(rules: RuleSet, task: Task): { route: Route; key: string } | undefined {
  if (task.kind !== 'copy' || task.jobId !== undefined || task.request.mode !== 'replicate') return undefined;
  const { labels, source, destination } = task.request;
  const route = rules.routes.find(({ id }) => id === labels?.['rule']);
  // The rules may have changed since the task was sent.
  const current = route?.marked && sourceKeyOf(route, destination.key) === source.key;
  return current ? { route, key: source.key } : undefined;
}
