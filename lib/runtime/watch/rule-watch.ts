/** Turns what happens to events, jobs and tasks into figures of their rules. */
import { heard } from '../../batch/rows/requests-of.ts';
import { CopyError } from '../../copy/model/errors.ts';
import type { Job } from '../../copy/model/job.ts';
import type { World } from '../../copy/model/ports.ts';
import type { Task } from '../../copy/model/task.ts';
import type { ReplicationOutcome } from '../../replicate/one/context.ts';
import type { RuleWatch } from '../../replicate/one/context.ts';
import { writtenLabel } from '../../replicate/replicate.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';
import type { FigureSink } from './sink.ts';

/** Jobs whose requests are remembered: the latest ones. */
const mostJobs = 10_000;

export interface Watcher extends RuleWatch {
  /** After each move of a job to another state. */
  jobMoved(job: Job): void;
  /** Runs a task in a world whose requests are counted for its job, and for the job's rule. */
  duringTask(world: World, task: Task, run: (world: World) => Promise<void>): Promise<void>;
  /** The same world, whose store requests are counted for a job. */
  forJob(world: World, jobId: string): World;
  /** Requests that this process has sent for a job so far. */
  requestsOf(jobId: string): number | undefined;
}

export function openWatcher(rules: RuleSet, sink: FigureSink, now: () => number): Watcher {
  const names = new Set(rules.routes.map(({ rule }) => rule));
  const requests = new Map<string, number>();

  function addTo(jobId: string, count: number): void {
    const before = requests.get(jobId);
    requests.set(jobId, (before ?? 0) + count);
    if (requests.size > mostJobs) for (const [oldest] of requests) return void requests.delete(oldest);
  }

  /** The rule of a job or request, where it is one of ours and not a part of a batch. */
  function ruleOf({ mode, labels }: Pick<Job, 'mode' | 'labels'>): string | undefined {
    const rule = labels?.['rule']?.replace(/#\d+$/, '');
    const counts = mode === 'replicate' && rule !== undefined && labels?.['batch'] === undefined;
    return counts && names.has(rule) ? rule : undefined;
  }

  return {
    begin(world, { rule }, { at }, attempt) {
      const startedAt = now();
      let sent = 0;
      if (attempt === 1) sink.seen(rule);
      const end = () => {
        if (sent > 0) sink.requested(rule, sent);
        return { requests: sent, ms: now() - startedAt };
      };
      return {
        world: counting(world, () => (sent += 1)),
        ended(outcome) {
          tell(sink, rule, outcome, lagSince(at, now()), now());
          if (outcome.action === 'started') addTo(outcome.jobId, sent);
          return end();
        },
        failed(error) {
          sink.failed(rule, codeOf(error));
          end();
        },
      };
    },
    jobMoved(job) {
      const { state } = job;
      if (state === 'planned' || state === 'copying' || state === 'finishing') return;
      const rule = ruleOf(job);
      if (rule === undefined) return;
      if (state === 'failed') sink.failed(rule, job.reason?.code ?? 'Unexpected');
      else if (state !== 'done') sink.skipped(rule, state);
      else {
        const { way, size = 0 } = job.result ?? {};
        const isCopied = way === 'parts' || way === 'direct';
        const lagSeconds = lagSince(Number(job.labels?.[writtenLabel] ?? 0), now());
        sink.replicated(rule, {
          action: isCopied ? 'copied' : 'unchanged',
          bytes: isCopied ? size : 0,
          at: now(),
          ...(lagSeconds !== undefined && { lagSeconds }),
        });
      }
    },
    async duringTask(world, task, run) {
      const jobId = 'jobId' in task ? task.jobId : undefined;
      let rule = task.kind === 'copy' ? ruleOf(task.request) : undefined;
      let sent = 0;
      const counted = counting(world, () => {
        sent += 1;
        if (jobId !== undefined) addTo(jobId, 1);
      });
      const state = { ...bound(world.state) };
      // The task reads its row in any case, and the row names the rule.
      state.get = async (id) => {
        const job = await world.state.get(id);
        if (job && id === jobId) rule ??= ruleOf(job);
        return job;
      };
      try {
        await run({ ...counted, state });
      } catch (error) {
        // A job that ends tells so itself.
        if (rule !== undefined && (jobId === undefined || isRetry(error))) sink.failed(rule, codeOf(error));
        throw error;
      } finally {
        if (rule !== undefined && sent > 0) sink.requested(rule, sent);
      }
    },
    forJob: (world, jobId) => counting(world, () => addTo(jobId, 1)),
    requestsOf: (jobId) => requests.get(jobId),
  };
}

function tell(
  sink: FigureSink,
  rule: string,
  outcome: ReplicationOutcome,
  lagSeconds: number | undefined,
  at: number,
): void {
  const lag = lagSeconds !== undefined && { lagSeconds };
  if (outcome.action === 'skipped') sink.skipped(rule, outcome.why);
  else if (outcome.action === 'deleted') sink.replicated(rule, { action: 'deleted', bytes: 0, at, ...lag });
  else if (outcome.action === 'copied') {
    const isCopied = outcome.result.way === 'direct' || outcome.result.way === 'parts';
    const bytes = isCopied ? outcome.result.size : 0;
    sink.replicated(rule, { action: isCopied ? 'copied' : 'unchanged', bytes, at, ...lag });
  }
}

/** Seconds; never negative: the clocks of a store and of this machine differ a little. */
function lagSince(writtenAt: number, now: number): number | undefined {
  return writtenAt > 0 ? Math.max(0, now - writtenAt) / 1000 : undefined;
}

function codeOf(error: unknown): string {
  return error instanceof CopyError ? error.code : 'Unexpected';
}

function isRetry(error: unknown): boolean {
  return !(error instanceof CopyError) || error.decision === 'retry';
}

function counting(world: World, onRequest: () => void): World {
  return { ...world, store: (address) => heard(world.store(address), onRequest) };
}

/** A table as an object of its own: its methods may belong to a class. */
function bound(state: World['state']): World['state'] {
  return {
    create: (job) => state.create(job),
    get: (id) => state.get(id),
    move: (job, change) => state.move(job, change),
    count: (id, parts, attentionAt) => state.count(id, parts, attentionAt),
    due: (before, limit) => state.due(before, limit),
    list: (query) => state.list(query),
  };
}
