import type { Job } from '../model/job.ts';
import { describe } from '../model/object.ts';
import type { LogFields, World } from '../model/ports.ts';
import { partCount } from '../plan/plan.ts';

/** What the line of a job's end tells: what it was about, for whom, and what it took. A row for many objects has a report of its own. */
export function endFields(world: World, job: Job): LogFields {
  const { id, mode, store, source, destination, pin, parts, result, reason, labels, many } = job;
  const common = { job: id, mode, reason: reason?.code, error: reason?.message, caller: labels?.['caller'] };
  const ms = Math.max(0, job.updatedAt - job.createdAt);
  if (many || job.batch !== undefined) return { ...common, ms };
  return {
    ...common,
    source: describe(store, source),
    destination: describe(store, destination),
    bytes: result?.size ?? pin?.size,
    parts: result?.parts ?? (parts && partCount(parts)),
    requests: world.requestsOf?.(id),
    ms,
    rule: labels?.['rule'],
    batch: labels?.['batch'],
  };
}
