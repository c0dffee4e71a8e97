import { createHash } from 'node:crypto';
import type { Clock, SharedRecord, SharedRecords } from '../../copy/model/ports.ts';
import { readOneRow } from '../tablestore-client/answers.ts';
import type { TablestoreClient } from '../tablestore-client/client.ts';
import { parseColumn, wholeMs } from './job-row.ts';
import type { TableOptions } from './jobs.ts';
import type { Row } from '../tablestore-client/read-rows.ts';
import type { Condition } from '../tablestore-client/requests.ts';
import { combine, compare, getRow, keyOf, putRow, updateRow } from '../tablestore-client/requests.ts';
import { writeIf } from './settle.ts';

/** Longest value of a key column, bytes, a limit of the service. */
const longestKey = 1_024;

/**
 * Shared records as rows of the job table: key `shared/ID`, columns revision, value (JSON) and expiresAt. Of the indexes only
 * that of what has expired holds them. A read is one GetRow, a write one conditional PutRow or UpdateRow; where an
 * expired record still lies, one GetRow and an UpdateRow more.
 */
export class TablestoreSharedRecords implements SharedRecords {
  readonly #client: TablestoreClient;
  readonly #table: string;
  readonly #clock: Clock;

  constructor({ client, table, clock }: TableOptions) {
    this.#client = client;
    this.#table = table;
    this.#clock = clock;
  }

  async get(id: string): Promise<SharedRecord | undefined> {
    const row = await this.#client.call(getRow(this.#table, keyOf({ id: sharedKey(id) })), readOneRow, {
      repeatUnknown: true,
    });
    if (!row || isExpired(row, this.#clock.now())) return undefined;
    return { revision: Number(row['revision']), value: parseColumn<object>(row, 'value') };
  }

  async compareAndSet(id: string, found: SharedRecord | undefined, value: object, expiresAt: number): Promise<boolean> {
    const now = this.#clock.now();
    const text = JSON.stringify(value);
    const columns = { value: text, expiresAt: wholeMs(expiresAt) };
    if (found) {
      const { revision } = found;
      const filter = combine('and', [compare('revision', '=', revision), compare('expiresAt', '>', now)]);
      const isOpen = (row?: Row) => row?.['revision'] === revision && !isExpired(row, now);
      return (await this.#write(id, { ...columns, revision: revision + 1 }, { row: 'exists', filter }, isOpen)).landed;
    }
    // The first revision is the time in microseconds: a record that expired and was deleted had smaller ones, so that what was
    // decided on that record cannot land on this one.
    const revision = 1_000 * now;
    const made = await this.#write(id, { ...columns, revision }, { row: 'absent' }, (row) => row === undefined);
    if (made.landed) return true;
    if (!made.row || !isExpired(made.row, now)) return false;
    const old = Number(made.row['revision']);
    const filter = combine('and', [compare('revision', '=', old), compare('expiresAt', '<=', now)]);
    const next = { ...columns, revision: Math.max(old + 1, revision) };
    const isOpen = (row?: Row) => row?.['revision'] === old && isExpired(row, now);
    return (await this.#write(id, next, { row: 'exists', filter }, isOpen)).landed;
  }

  #write(
    id: string,
    columns: { value: string; expiresAt: number; revision: number },
    condition: Condition,
    isOpen: (row: Row | undefined) => boolean,
  ): ReturnType<typeof writeIf> {
    const key = keyOf({ id: sharedKey(id) });
    const request = (signature: Record<string, string>) =>
      condition.row === 'absent'
        ? putRow(this.#table, key, { ...columns, ...signature }, condition)
        : updateRow(this.#table, key, { set: { ...columns, ...signature } }, condition);
    return writeIf(this.#client, { table: this.#table, key, revision: columns.revision, request, isOpen });
  }
}

function isExpired(row: Row, now: number): boolean {
  return Number(row['expiresAt']) <= now;
}

/** Key of a shared record, which lies among the jobs; no id of a job has a slash. */
export function sharedKey(id: string): string {
  const key = `shared/${id}`;
  if (Buffer.byteLength(key) <= longestKey) return key;
  return `shared//${createHash('sha256').update(id).digest('base64url')}`;
}
