import type { StateDatabase } from './database.ts';
import { GroupCommit } from './group-commit.ts';

/**
 * Which tasks of the queues in memory are under way, and with which a process has died. A task is known by a name that is the
 * same when the sweep sends it again. Costs two writes a task that wait for no disk: a power cut takes back no more than this
 * knowledge.
 */
export class UnderWay {
  readonly #database: StateDatabase;
  readonly #token: string;
  readonly #commits: GroupCommit;
  /** Deaths by name; only what a process has died with. */
  #suspects = new Map<string, number>();

  /** @param token names this process (`ProcessRegistry.token`) */
  constructor(database: StateDatabase, token: string) {
    this.#database = database;
    this.#token = token;
    this.#commits = new GroupCommit(database);
  }

  /** How many processes have died with this task since it last ended. */
  deathsOf(name: string): number {
    return this.#suspects.get(name) ?? 0;
  }

  /** To be called before the work begins. */
  async begin(name: string): Promise<void> {
    const sql = `INSERT INTO under_way (name, token) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET token = excluded.token`;
    await this.#commits.run(() => this.#database.rows(sql, name, this.#token), { relaxed: true });
  }

  /** The task has ended, however: it did not end the process. */
  async end(name: string): Promise<void> {
    this.#suspects.delete(name);
    const sql = 'DELETE FROM under_way WHERE name = ?';
    await this.#commits.run(() => this.#database.rows(sql, name), { relaxed: true });
  }

  /** Counts a death for all that was under way in processes that are not among the living. */
  reclaim(living: readonly string[]): void {
    const rows = this.#database.rows<{ name: string; token: string | null; deaths: number }>('SELECT * FROM under_way');
    const isDead = (token: string | null): boolean => token !== null && !living.includes(token);
    for (const { name, token } of rows.filter((row) => isDead(row.token))) {
      const sql = 'UPDATE under_way SET deaths = deaths + 1, token = NULL WHERE name = ? AND token = ?';
      this.#database.rows(sql, name, token);
    }
    const counted = rows.map(({ name, token, deaths }) => [name, deaths + (isDead(token) ? 1 : 0)] as const);
    this.#suspects = new Map(counted.filter(([, deaths]) => deaths > 0));
  }

  /** Forgets what this process had, before it ends in order: its end is then no death. */
  release(): void {
    this.#database.rows('DELETE FROM under_way WHERE token = ?', this.#token);
  }
}
