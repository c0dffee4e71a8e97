import type { Clock, SharedRecord, SharedRecords } from '../copy/model/ports.ts';
import type { StateDatabase } from './database.ts';

interface SharedRow {
  revision: number;
  value: string;
}

/** Shared records on SQLite: every write is one statement that names the record it expects. */
export class EmbeddedSharedRecords implements SharedRecords {
  readonly #database: StateDatabase;
  readonly #clock: Clock;

  constructor(database: StateDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async get(id: string): Promise<SharedRecord | undefined> {
    const [row] = this.#database.rows<SharedRow>(
      'SELECT revision, value FROM shared WHERE id = ? AND expires_at > ?',
      id,
      this.#clock.now(),
    );
    return row && { revision: row.revision, value: this.#database.parse<object>(row.value) };
  }

  async compareAndSet(id: string, found: SharedRecord | undefined, value: object, expiresAt: number): Promise<boolean> {
    const now = this.#clock.now();
    const text = JSON.stringify(value);
    if (found === undefined) {
      // The first revision is the time in microseconds: a record that expired and was deleted had smaller ones, so that
      // what was decided on that record cannot land on this one.
      return this.#wrote(
        `INSERT INTO shared (id, revision, value, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE
         SET revision = max(shared.revision + 1, excluded.revision), value = excluded.value, expires_at = excluded.expires_at
         WHERE shared.expires_at <= ? RETURNING 1`,
        ...[id, 1_000 * now, text, expiresAt, now],
      );
    }
    return this.#wrote(
      `UPDATE shared SET revision = revision + 1, value = ?, expires_at = ?
       WHERE id = ? AND revision = ? AND expires_at > ? RETURNING 1`,
      ...[text, expiresAt, id, found.revision, now],
    );
  }

  /** Deletes records that expired, at most `limit`, oldest first. Returns how many. */
  purge(limit = 1_000): number {
    return this.#database.rows(
      `DELETE FROM shared WHERE id IN (SELECT id FROM shared WHERE expires_at <= ? ORDER BY expires_at LIMIT ?) RETURNING 1`,
      this.#clock.now(),
      limit,
    ).length;
  }

  #wrote(sql: string, ...values: (string | number)[]): boolean {
    return this.#database.rows(sql, ...values).length > 0;
  }
}
