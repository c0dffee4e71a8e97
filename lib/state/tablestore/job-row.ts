import { GiveUp } from '../../copy/model/errors.ts';
import type { Job, JobChange } from '../../copy/model/job.ts';
import type { Value } from '../tablestore-client/cells.ts';
import type { Row } from '../tablestore-client/read-rows.ts';
import type { RowChange } from '../tablestore-client/requests.ts';

/**
 * Fields of a job with a column of their own: what conditions, indexes and the counter need. All others are in the column
 * `body`, as JSON, which keeps every kind of value and any number of fields.
 */
const optionalTimes = ['attentionAt', 'expiresAt'] as const;

/** The columns of a new row, besides its key. */
export function columnsOf(job: Job): Record<string, Value> {
  const columns: Record<string, Value> = {
    revision: job.revision,
    state: job.state,
    partsDone: job.partsDone,
    createdAt: job.createdAt,
    updatedAt: job.updatedAt,
    body: bodyOf(job),
  };
  for (const name of optionalTimes) {
    const time = job[name];
    if (time !== undefined) columns[name] = wholeMs(time);
  }
  return columns;
}

/**
 * What a move writes. `count` writes `partsDone` and `attentionAt` without a new revision, so that a move touches the one
 * never, and the other only where it names it.
 */
export function changeOf(job: Job, change: JobChange, now: number): Required<Omit<RowChange, 'add'>> {
  const next: Job = { ...job, ...change };
  const set: Record<string, Value> = {
    revision: job.revision + 1,
    state: next.state,
    updatedAt: now,
    body: bodyOf(next),
  };
  const remove: string[] = [];
  for (const name of optionalTimes) {
    if (!(name in change)) continue;
    const time = change[name];
    if (time === undefined) remove.push(name);
    else set[name] = wholeMs(time);
  }
  return { set, remove };
}

/** The job of a row; undefined for a row that is none, such as a shared record. @throws GiveUp StateUnusable. */
export function jobOf(row: Row | undefined): Job | undefined {
  if (row === undefined || typeof row['state'] !== 'string') return undefined;
  const { id, revision, state, partsDone, createdAt, updatedAt, attentionAt, expiresAt } = row;
  const job = parseColumn<Job>(row, 'body');
  const columns = { id, revision, state, partsDone, createdAt, updatedAt, attentionAt, expiresAt };
  for (const [name, value] of Object.entries(columns)) {
    if (value !== undefined) Object.assign(job, { [name]: value });
  }
  return job;
}

/** What a column holds as JSON. @throws GiveUp StateUnusable when it is none. */
export function parseColumn<Parsed>(row: Row, column: string): Parsed {
  try {
    return JSON.parse(String(row[column])) as Parsed;
  } catch (error) {
    throw new GiveUp(
      'StateUnusable',
      `Row ${String(row['id'])} of the Tablestore table holds no JSON in its column ${column}: another program has written ` +
        'it. Delete the row, and ask for its copy again; objects that were copied are kept.',
      { cause: error },
    );
  }
}

function bodyOf(job: Job): string {
  const { id, revision, state, partsDone, createdAt, updatedAt, attentionAt, expiresAt, ...body } = job;
  return JSON.stringify(body);
}

/** Columns of times are INTEGER. Later rather than earlier: an expiry or a look before its time would be the worse. */
export function wholeMs(time: number): number {
  return Math.min(Math.ceil(time), Number.MAX_SAFE_INTEGER);
}
