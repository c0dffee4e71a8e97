/** The state table: rows with compare-and-set, an atomic counter, and a time to live. */
import type { Job, JobChange } from '../../../lib/copy/model/job.ts';
import { isFinal } from '../../../lib/copy/model/job.ts';
import type { JobPage, Landed } from '../../../lib/copy/model/ports.ts';

export interface StateWatcher {
  created(job: Job): void;
  moved(from: Job, to: Job, by: string, clock: number): void;
  expired(job: Job): void;
}

export class ModelState {
  readonly rows = new Map<string, Job>();
  private readonly clock: () => number;
  private readonly watcher: StateWatcher;

  constructor(clock: () => number, watcher: StateWatcher) {
    this.clock = clock;
    this.watcher = watcher;
  }

  create(job: Job): { landed: boolean; job: Job } {
    const row = this.row(job.id);
    if (row) return { landed: false, job: row };
    const created = keep({ ...job });
    this.rows.set(job.id, created);
    this.watcher.created(created);
    return { landed: true, job: created };
  }

  get(id: string): Job | undefined {
    return this.row(id);
  }

  move(job: Job, change: JobChange, by: string, clock: number): Landed {
    const row = this.row(job.id);
    if (!row) return { landed: false };
    if (row.revision !== job.revision) return { landed: false, job: row };
    const next: Job = { ...row, ...change, revision: row.revision + 1, updatedAt: clock };
    for (const name of Object.keys(next) as (keyof Job)[]) if (next[name] === undefined) delete next[name];
    this.rows.set(job.id, keep(next));
    this.watcher.moved(row, next, by, clock);
    return { landed: true, job: next };
  }

  count(id: string, parts: number, attentionAt: number): number | undefined {
    const row = this.row(id);
    if (!row || isFinal(row.state)) return undefined;
    const next = { ...row, partsDone: row.partsDone + parts, attentionAt };
    this.rows.set(id, keep(next));
    return next.partsDone;
  }

  due(before: number, limit: number): Job[] {
    const due: Job[] = [];
    for (const id of [...this.rows.keys()]) {
      const row = this.row(id);
      if (row?.attentionAt !== undefined && row.attentionAt <= before) due.push(row);
    }
    return due.sort((a, b) => (a.attentionAt ?? 0) - (b.attentionAt ?? 0)).slice(0, limit);
  }

  list(): JobPage {
    return { jobs: [...this.rows.values()].sort((a, b) => b.createdAt - a.createdAt) };
  }

  /** The table deletes a row some time after it has expired. */
  private row(id: string): Job | undefined {
    const row = this.rows.get(id);
    if (row?.expiresAt === undefined || row.expiresAt > this.clock()) return row;
    this.rows.delete(id);
    this.watcher.expired(row);
    return undefined;
  }
}

/** A row is a value: a reader must not change it behind the table's back. */
function keep(job: Job): Job {
  for (const value of Object.values(job) as unknown[])
    if (typeof value === 'object' && value !== null) Object.freeze(value);
  return Object.freeze(job);
}
