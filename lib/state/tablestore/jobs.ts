import { GiveUp, RetryLater } from '../../copy/model/errors.ts';
import type { Job, JobChange, JobState } from '../../copy/model/job.ts';
import { finalStates } from '../../copy/model/job.ts';
import type { Clock, JobPage, Landed, StateTable } from '../../copy/model/ports.ts';
import { readOneRow } from '../tablestore-client/answers.ts';
import { highest, lowest } from '../tablestore-client/cells.ts';
import type { TablestoreClient } from '../tablestore-client/client.ts';
import { ConditionFailed } from '../tablestore-client/errors.ts';
import { indexedRows } from './indexed-rows.ts';
import { changeOf, columnsOf, jobOf, wholeMs } from './job-row.ts';
import type { Key } from '../tablestore-client/read-rows.ts';
import { combine, compare, getRow, keyOf, putRow, updateRow } from '../tablestore-client/requests.ts';
import { indexNames } from './schema.ts';
import { writeIf } from './settle.ts';

export interface TableOptions {
  client: TablestoreClient;
  table: string;
  clock: Clock;
}

const notFinal = combine(
  'and',
  finalStates.map((state) => compare('state', '!=', state)),
);

/**
 * The state table on Tablestore: one row per job. Every move is one UpdateRow on the condition of the revision; a refused one
 * costs one GetRow more, and so does one that landed, for parts may have been counted meanwhile. `due` and `list` ask an index,
 * which is some milliseconds behind, and then the rows themselves: what they give is as it is now, and what was written within
 * the last moments may be missing, which sweep and lists can bear.
 */
export class TablestoreJobs implements StateTable {
  readonly #client: TablestoreClient;
  readonly #table: string;
  readonly #clock: Clock;

  constructor({ client, table, clock }: TableOptions) {
    this.#client = client;
    this.#table = table;
    this.#clock = clock;
  }

  async create(job: Job): Promise<{ landed: boolean; job: Job }> {
    const key = keyOf({ id: job.id });
    const columns = columnsOf(job);
    const wrote = await writeIf(this.#client, {
      table: this.#table,
      key,
      revision: job.revision,
      request: (signature) => putRow(this.#table, key, { ...columns, ...signature }, { row: 'absent' }),
      isOpen: (row) => row === undefined,
    });
    if (wrote.landed) return { landed: true, job };
    const found = jobOf(wrote.row);
    if (found) return { landed: false, job: found };
    throw new RetryLater(`The row of job ${job.id} expired just now.`);
  }

  async get(id: string): Promise<Job | undefined> {
    return jobOf(await this.#client.call(getRow(this.#table, keyOf({ id })), readOneRow, { repeatUnknown: true }));
  }

  async move(job: Job, change: JobChange): Promise<Landed> {
    const key = keyOf({ id: job.id });
    const now = this.#clock.now();
    const { set, remove } = changeOf(job, change, now);
    const condition = { row: 'exists', filter: compare('revision', '=', job.revision) } as const;
    const wrote = await writeIf(this.#client, {
      table: this.#table,
      key,
      revision: job.revision + 1,
      request: (signature) => updateRow(this.#table, key, { set: { ...set, ...signature }, remove }, condition),
      isOpen: (row) => row?.['revision'] === job.revision,
    });
    if (!wrote.landed) return { landed: false, job: jobOf(wrote.row) };
    return { landed: true, job: await this.#moved(job, change, now) };
  }

  /** The row as this move left it, with the parts that were counted, even if another move followed at once. */
  async #moved(job: Job, change: JobChange, updatedAt: number): Promise<Job> {
    const row = await this.get(job.id);
    if (row?.revision === job.revision + 1) return row;
    const partsDone = row?.partsDone ?? job.partsDone;
    const moved: Job = { ...job, ...change, partsDone, updatedAt, revision: job.revision + 1 };
    return Object.fromEntries(Object.entries(moved).filter(([, value]) => value !== undefined)) as unknown as Job;
  }

  async count(id: string, parts: number, attentionAt: number): Promise<number | undefined> {
    const change = {
      set: { attentionAt: wholeMs(attentionAt), updatedAt: this.#clock.now() },
      add: { partsDone: parts },
    };
    const condition = { row: 'exists', filter: notFinal } as const;
    const request = updateRow(this.#table, keyOf({ id }), change, condition, ['partsDone']);
    try {
      // After a lost answer the parts may be counted twice; the counter may run ahead, and must never fall behind.
      const row = await this.#client.call(request, readOneRow, { repeatUnknown: true });
      const sum = row?.['partsDone'];
      return typeof sum === 'number' ? sum : (await this.get(id))?.partsDone;
    } catch (error) {
      if (error instanceof ConditionFailed) return undefined;
      throw error;
    }
  }

  async due(before: number, limit: number): Promise<Job[]> {
    if (limit < 1) return [];
    const last = Math.floor(before);
    const jobs = await this.#indexed(limit, {
      index: indexNames(this.#table).due,
      from: keyOf({ attentionAt: lowest, id: lowest }),
      to: keyOf({ attentionAt: last < Number.MAX_SAFE_INTEGER ? last + 1 : highest, id: lowest }),
      direction: 'forward',
      isRight: ({ attentionAt }) => attentionAt !== undefined && attentionAt <= before,
    });
    jobs.sort((a, b) => (a.attentionAt ?? 0) - (b.attentionAt ?? 0) || (a.id < b.id ? -1 : 1));
    return jobs;
  }

  async list({ states, limit, cursor }: { states?: JobState[]; limit: number; cursor?: string }): Promise<JobPage> {
    const after = cursor === undefined ? undefined : parseCursor(cursor);
    if (states?.length === 0) return { jobs: [] };
    const found = await this.#indexed(limit + 1, {
      index: indexNames(this.#table).newest,
      from: after ? keyOf(after) : keyOf({ createdAt: highest, id: highest }),
      to: keyOf({ createdAt: lowest, id: lowest }),
      direction: 'backward',
      ...(states && {
        filter: combine(
          'or',
          states.map((state) => compare('state', '=', state)),
        ),
      }),
      // A range begins with its first key, and the cursor names the last job that was given out.
      isRight: (job) => job.id !== after?.id && (states?.includes(job.state) ?? true),
    });
    const jobs = found.slice(0, limit);
    const last = jobs.at(-1);
    return found.length > limit && last ? { jobs, cursor: cursorOf(last) } : { jobs };
  }

  async #indexed(
    limit: number,
    range: {
      index: string;
      from: Key;
      to: Key;
      direction: 'forward' | 'backward';
      filter?: Buffer;
      isRight: (job: Job) => boolean;
    },
  ): Promise<Job[]> {
    const jobs: Job[] = [];
    for await (const rows of indexedRows(this.#client, this.#table, { ...range, limit })) {
      for (const row of rows) {
        const job = jobOf(row);
        if (job && range.isRight(job)) jobs.push(job);
      }
      if (jobs.length >= limit) break;
    }
    return jobs.slice(0, limit);
  }
}

/** Sorts by creation time, then id; epoch milliseconds have 13 digits until the year 2286. */
function cursorOf({ createdAt, id }: Job): string {
  return `${String(createdAt).padStart(15, '0')}#${id}`;
}

function parseCursor(cursor: string): { createdAt: number; id: string } {
  const [, createdAt, id] = /^(\d{15})#(.+)$/s.exec(cursor) ?? [];
  if (createdAt !== undefined && id !== undefined) return { createdAt: Number(createdAt), id };
  throw new GiveUp('BadRequest', 'The cursor is not one that this list gave out; start again without it.');
}
