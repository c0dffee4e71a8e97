import { randomUUID } from 'node:crypto';
import { finalStates } from '../copy/model/job.ts';
import type { Clock } from '../copy/model/ports.ts';
import type { StateDatabase } from './database.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { isRunning, thisProcess } from './process-identity.ts';

/** A process that did not say it lives for this long is dead to the others, be it hung or on a host that is gone. */
export const heartbeatLimitMs = 60_000;

interface ProcessRow {
  token: string;
  pid: number;
  host: string;
  boot: string | null;
  started: string | null;
  heartbeat: number;
}

const finals = finalStates.map((state) => `'${state}'`).join(', ');

export interface ProcessRegistryOptions {
  clock: Clock;
  identity?: ProcessIdentity;
  /** Whether another process lives; undefined when it cannot be seen from here. */
  probe?: (other: ProcessIdentity, here: ProcessIdentity) => boolean | undefined;
}

/**
 * Who drives which job, so that `ferry resume` takes over only what no live process drives. This spares work and requests;
 * correctness does not hang on it, for two drivers of one job are as safe as two deliveries of one task.
 */
export class ProcessRegistry {
  /** Names this process in `owners`, `runs` and leases. */
  readonly token = randomUUID();
  readonly #database: StateDatabase;
  readonly #clock: Clock;
  readonly #identity: ProcessIdentity;
  readonly #probe: NonNullable<ProcessRegistryOptions['probe']>;

  /** Registers this process. */
  constructor(database: StateDatabase, options: ProcessRegistryOptions) {
    this.#database = database;
    this.#clock = options.clock;
    this.#identity = options.identity ?? thisProcess();
    this.#probe = options.probe ?? isRunning;
    this.heartbeat();
  }

  /** Says that this process lives; wanted every few seconds while it drives anything. */
  heartbeat(): void {
    const { pid, host, boot, started } = this.#identity;
    this.#database.rows(
      `INSERT INTO processes (token, pid, host, boot, started, heartbeat) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (token) DO UPDATE SET heartbeat = excluded.heartbeat`,
      ...[this.token, pid, host, boot ?? null, started ?? null, this.#clock.now()],
    );
  }

  /** Leaves; unfinished jobs of this process may then be taken over by any process. */
  leave(): void {
    this.#database.rows('DELETE FROM processes WHERE token = ?', this.token);
  }

  /** Tokens of all processes that live, this one included. */
  living(): string[] {
    const now = this.#clock.now();
    const rows = this.#database.rows<ProcessRow>('SELECT * FROM processes');
    return rows.filter((row) => this.#lives(row, now)).map((row) => row.token);
  }

  #lives(row: ProcessRow, now: number): boolean {
    if (row.token === this.token) return true;
    if (now - row.heartbeat > heartbeatLimitMs) return false;
    const { pid, host, boot, started } = row;
    const other = { pid, host, boot: boot ?? undefined, started: started ?? undefined };
    // A heartbeat to come was written before the clock was set back; only a process that can be found is believed then.
    return this.#probe(other, this.#identity) ?? row.heartbeat - now <= heartbeatLimitMs;
  }

  /** Ids of unfinished jobs that no living process drives, oldest first. */
  orphans(limit: number): string[] {
    const living = this.living();
    return this.#database
      .rows<{ id: string }>(
        `SELECT id FROM jobs LEFT JOIN owners ON job_id = id
         WHERE state NOT IN (${finals}) AND (token IS NULL OR token NOT IN (${marks(living)}))
         ORDER BY created_at, id LIMIT ?`,
        ...living,
        limit,
      )
      .map((row) => row.id);
  }

  /** True when the job is this process's to drive from now on (or was already); false when a living process has it. */
  claim(jobId: string): boolean {
    return this.#database.transaction(() => {
      const others = this.living().filter((token) => token !== this.token);
      const rows = this.#database.rows(
        `INSERT INTO owners (job_id, token) VALUES (?, ?)
         ON CONFLICT (job_id) DO UPDATE SET token = excluded.token WHERE owners.token NOT IN (${marks(others)}) RETURNING 1`,
        ...[jobId, this.token, ...others],
      );
      return rows.length > 0;
    });
  }

  /** Releases a job, so that any process may take it. */
  disown(jobId: string): void {
    this.#database.rows('DELETE FROM owners WHERE job_id = ? AND token = ?', jobId, this.token);
  }

  /** Which of these jobs belong to this process. */
  mine(jobIds: readonly string[]): Set<string> {
    const rows = this.#database.rows<{ job_id: string }>(
      'SELECT job_id FROM owners WHERE token = ? AND job_id IN (SELECT value FROM json_each(?))',
      this.token,
      JSON.stringify(jobIds),
    );
    return new Set(rows.map((row) => row.job_id));
  }

  /** Which of these unfinished jobs another living process drives. */
  elsewhere(jobIds: readonly string[]): Set<string> {
    const others = this.living().filter((token) => token !== this.token);
    const rows = this.#database.rows<{ job_id: string }>(
      `SELECT job_id FROM owners JOIN jobs ON id = job_id
       WHERE job_id IN (SELECT value FROM json_each(?)) AND token IN (${marks(others)}) AND state NOT IN (${finals})`,
      JSON.stringify(jobIds),
      ...others,
    );
    return new Set(rows.map((row) => row.job_id));
  }

  /** Forgets dead processes and the owners of jobs that ended or are gone. */
  purge(): void {
    const living = this.living();
    this.#database.transaction(() => {
      this.#database.rows(`DELETE FROM processes WHERE token NOT IN (${marks(living)})`, ...living);
      this.#database.rows(
        `DELETE FROM owners WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = job_id AND state NOT IN (${finals}))`,
      );
    });
  }
}

function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}
