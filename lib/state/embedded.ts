import type { Job, JobChange, JobState } from '../copy/model/job.ts';
import { finalStates } from '../copy/model/job.ts';
import type { Clock, JobPage, Landed, StateTable } from '../copy/model/ports.ts';
import type { SqlValue, StateDatabase } from './database.ts';
import { damaged } from './database-error.ts';
import { GroupCommit } from './group-commit.ts';
import { cursorOf, parseCursor } from './list-cursor.ts';

/** Columns of a job row; every other field of a job is in `body`. */
interface JobRow {
  id: string;
  revision: number;
  state: JobState;
  parts_done: number;
  created_at: number;
  updated_at: number;
  attention_at: number | null;
  expires_at: number | null;
  body: string;
}

/** A row that was written so far ahead of this clock, milliseconds, was written before the clock was set back. */
const clockStepMs = 60_000;

const finals = finalStates.map((state) => `'${state}'`).join(', ');

export interface EmbeddedStateOptions {
  clock: Clock;
  /** Jobs that this table creates, or plans anew, belong to this process (`processes.ts`). */
  owner?: string;
}

/**
 * The state table on SQLite. Every change is one statement that names the revision it expects; SQLite's write lock orders
 * them across processes, and a read sees every write that was answered before it. A call blocks the thread while it runs,
 * about a millisecond for a write (one fsync), which is less than a way through a thread pool would cost.
 */
export class EmbeddedStateTable implements StateTable {
  readonly #database: StateDatabase;
  readonly #clock: Clock;
  readonly #owner?: string;
  /** Workers of one job report in bursts. */
  readonly #counts: GroupCommit;

  constructor(database: StateDatabase, options: EmbeddedStateOptions) {
    this.#database = database;
    this.#clock = options.clock;
    this.#owner = options.owner;
    this.#counts = new GroupCommit(database);
  }

  async create(job: Job): Promise<{ landed: boolean; job: Job }> {
    return this.#database.transaction(() => {
      const [row] = this.#database.rows<JobRow>(
        `INSERT INTO jobs (id, revision, state, parts_done, created_at, updated_at, attention_at, expires_at, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING *`,
        ...[job.id, job.revision, job.state, job.partsDone, job.createdAt, job.updatedAt],
        ...[job.attentionAt ?? null, job.expiresAt ?? null, bodyOf(job)],
      );
      if (row) {
        this.#own(job.id);
        return { landed: true, job: this.#toJob(row) };
      }
      const existing = this.#read(job.id);
      if (!existing) throw new Error(`job ${job.id} neither created nor found`);
      return { landed: false, job: existing };
    });
  }

  async get(id: string): Promise<Job | undefined> {
    return this.#read(id);
  }

  async move(job: Job, change: JobChange): Promise<Landed> {
    const next: Job = { ...job, ...change };
    const assignments = ['revision = revision + 1', 'updated_at = ?', 'state = ?', 'body = ?'];
    const values: SqlValue[] = [this.#clock.now(), next.state, bodyOf(next)];
    // `count` writes these without a new revision, so a value that was not asked for is left as it stands.
    if ('attentionAt' in change) {
      assignments.push('attention_at = ?');
      values.push(change.attentionAt ?? null);
    }
    if ('expiresAt' in change) {
      assignments.push('expires_at = ?');
      values.push(change.expiresAt ?? null);
    }
    const update = (): JobRow | undefined =>
      this.#database.rows<JobRow>(
        `UPDATE jobs SET ${assignments.join(', ')} WHERE id = ? AND revision = ? RETURNING *`,
        ...values,
        job.id,
        job.revision,
      )[0];
    const row = next.state === 'planned' ? this.#database.transaction(() => this.#ownedBy(update())) : update();
    return row ? { landed: true, job: this.#toJob(row) } : { landed: false, job: this.#read(job.id) };
  }

  async count(id: string, parts: number, attentionAt: number): Promise<number | undefined> {
    const [row] = await this.#counts.run(() =>
      this.#database.rows<{ parts_done: number }>(
        `UPDATE jobs SET parts_done = parts_done + ?, attention_at = ?, updated_at = ?
         WHERE id = ? AND state NOT IN (${finals}) RETURNING parts_done`,
        ...[parts, attentionAt, this.#clock.now(), id],
      ),
    );
    return row?.parts_done;
  }

  async due(before: number, limit: number): Promise<Job[]> {
    const rows = this.#database.rows<JobRow>(
      `SELECT * FROM jobs WHERE attention_at <= ? OR (attention_at IS NOT NULL AND updated_at > ?)
       ORDER BY attention_at, id LIMIT ?`,
      // Infinity is a fair way to say "all"; SQLite compares it as a real number.
      before,
      // The clock was set back since: when the row would be due can be hours away.
      this.#clock.now() + clockStepMs,
      limit,
    );
    return rows.map((row) => this.#toJob(row));
  }

  async list(query: { states?: JobState[]; limit: number; cursor?: string }): Promise<JobPage> {
    const { states, limit, cursor } = query;
    const conditions: string[] = [];
    const values: SqlValue[] = [];
    if (states) {
      conditions.push(`state IN (${states.map(() => '?').join(', ')})`);
      values.push(...states);
    }
    if (cursor !== undefined) {
      conditions.push('(created_at, id) < (?, ?)');
      values.push(...parseCursor(cursor));
    }
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    const rows = this.#database.rows<JobRow>(
      `SELECT * FROM jobs ${where} ORDER BY created_at DESC, id DESC LIMIT ?`,
      ...values,
      limit + 1,
    );
    const jobs = rows.slice(0, limit).map((row) => this.#toJob(row));
    const last = jobs.at(-1);
    return rows.length > limit && last ? { jobs, cursor: cursorOf(last) } : { jobs };
  }

  /** Deletes rows whose time has come, at most `limit`, oldest first. Returns how many. */
  purge(limit = 1_000): number {
    return this.#database.rows(
      `DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE expires_at <= ? ORDER BY expires_at LIMIT ?) RETURNING 1`,
      this.#clock.now(),
      limit,
    ).length;
  }

  #read(id: string): Job | undefined {
    const [row] = this.#database.rows<JobRow>('SELECT * FROM jobs WHERE id = ?', id);
    return row && this.#toJob(row);
  }

  /** Replicas under way that belong to no batch, by the label that names their rule: how many, and since when the oldest is due. */
  openReplicas(): { rule: string; jobs: number; oldestAt: number }[] {
    return this.#database.rows<{ rule: string; jobs: number; oldestAt: number }>(
      `SELECT json_extract(body, '$.labels.rule') AS rule, count(*) AS jobs,
              min(coalesce(CAST(json_extract(body, '$.labels.written') AS INTEGER), created_at)) AS oldestAt
       FROM jobs WHERE state IN ('planned', 'copying', 'finishing') AND json_valid(body)
         AND json_extract(body, '$.labels.rule') IS NOT NULL AND json_extract(body, '$.labels.batch') IS NULL
       GROUP BY 1`,
    );
  }

  #ownedBy(row: JobRow | undefined): JobRow | undefined {
    if (row) this.#own(row.id);
    return row;
  }

  #own(id: string): void {
    if (this.#owner === undefined) return;
    this.#database.rows(
      'INSERT INTO owners (job_id, token) VALUES (?, ?) ON CONFLICT (job_id) DO UPDATE SET token = excluded.token',
      id,
      this.#owner,
    );
  }

  #toJob(row: JobRow): Job {
    const body = this.#database.parse<Partial<Job>>(row.body);
    // Of what every command reads; a file that was changed by hand or by a bad disk can hold any JSON.
    // A batch of a list has its sources there, and an empty name in its row.
    const hasPlaces = [body.source, body.destination].every((place) => typeof place?.bucket === 'string');
    if (!hasPlaces || !body.mode) {
      throw damaged(this.#database.path, `job ${row.id} lacks its source, destination or mode`);
    }
    const job: Job = {
      ...(body as Job),
      id: row.id,
      revision: row.revision,
      state: row.state,
      partsDone: row.parts_done,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    };
    if (row.attention_at !== null) job.attentionAt = row.attention_at;
    if (row.expires_at !== null) job.expiresAt = row.expires_at;
    return job;
  }
}

function bodyOf(job: Job): string {
  const { id, revision, state, partsDone, createdAt, updatedAt, attentionAt, expiresAt, ...body } = job;
  return JSON.stringify(body);
}
