/** State in the memory of one process, for work that a caller keeps in its own hands: a restart loses it. */
import { isFinal, type Job, type JobChange, type JobState } from '../copy/model/job.ts';
import type { Clock, JobPage, Landed, SharedRecord, SharedRecords, StateTable } from '../copy/model/ports.ts';
import { cursorOf, parseCursor } from './list-cursor.ts';

/** Rows are copied on their way in and out, as a database would: caller and table share no object. */
export class MemoryStateTable implements StateTable {
  readonly #rows = new Map<string, Job>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The row that was made first. */
  first(): Job | undefined {
    const [row] = this.#rows.values();
    return row && asKept(row);
  }

  async create(job: Job): Promise<{ landed: boolean; job: Job }> {
    const there = this.#rows.get(job.id);
    if (!there) this.#rows.set(job.id, asKept(job));
    return { landed: !there, job: asKept(there ?? job) };
  }

  async get(id: string): Promise<Job | undefined> {
    const row = this.#rows.get(id);
    return row && asKept(row);
  }

  async move(job: Job, change: JobChange): Promise<Landed> {
    const row = this.#rows.get(job.id);
    if (row?.revision !== job.revision) return { landed: false, job: row && asKept(row) };
    const { partsDone, attentionAt, expiresAt } = row;
    // `count` writes these without a new revision, so a value that was not asked for is left as it stands.
    const next = asKept({
      ...{ ...job, partsDone, attentionAt, expiresAt, ...change },
      revision: job.revision + 1,
      updatedAt: this.#clock.now(),
    });
    this.#rows.set(job.id, next);
    return { landed: true, job: asKept(next) };
  }

  async count(id: string, parts: number, attentionAt: number): Promise<number | undefined> {
    const row = this.#rows.get(id);
    if (!row || isFinal(row.state)) return undefined;
    row.partsDone += parts;
    row.attentionAt = attentionAt;
    row.updatedAt = this.#clock.now();
    return row.partsDone;
  }

  async due(before: number, limit: number): Promise<Job[]> {
    return [...this.#rows.values()]
      .filter(({ attentionAt = Infinity }) => attentionAt <= before)
      .sort((a, b) => (a.attentionAt ?? 0) - (b.attentionAt ?? 0) || (a.id < b.id ? -1 : 1))
      .slice(0, limit)
      .map(asKept);
  }

  async list(query: { states?: JobState[]; limit: number; cursor?: string }): Promise<JobPage> {
    const { states, limit, cursor } = query;
    const [at, id] = cursor === undefined ? [Infinity, ''] : parseCursor(cursor);
    const isBehind = (row: Job): boolean => row.createdAt < at || (row.createdAt === at && row.id < id);
    const rows = [...this.#rows.values()]
      .filter((row) => isBehind(row) && (!states || states.includes(row.state)))
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
    const jobs = rows.slice(0, limit).map(asKept);
    const last = jobs.at(-1);
    return rows.length > limit && last ? { jobs, cursor: cursorOf(last) } : { jobs };
  }
}

/** As JSON keeps it: fields that are undefined are not there. */
function asKept(job: Job): Job {
  return JSON.parse(JSON.stringify(job)) as Job;
}

export class MemorySharedRecords implements SharedRecords {
  readonly #records = new Map<string, { revision: number; value: string; expiresAt: number }>();
  readonly #clock: Clock;
  /** Higher than that of any record before, those that expired included. */
  #lastRevision = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async get(id: string): Promise<SharedRecord | undefined> {
    const record = this.#live(id);
    return record && { revision: record.revision, value: JSON.parse(record.value) as object };
  }

  async compareAndSet(id: string, found: SharedRecord | undefined, value: object, expiresAt: number): Promise<boolean> {
    if (this.#live(id)?.revision !== found?.revision) return false;
    this.#lastRevision += 1;
    this.#records.set(id, { revision: this.#lastRevision, value: JSON.stringify(value), expiresAt });
    return true;
  }

  #live(id: string): { revision: number; value: string } | undefined {
    const record = this.#records.get(id);
    if (record && record.expiresAt <= this.#clock.now()) this.#records.delete(id);
    return this.#records.get(id);
  }
}
