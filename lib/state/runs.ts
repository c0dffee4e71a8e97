import type { Clock } from '../copy/model/ports.ts';
import type { StateDatabase } from './database.ts';
import type { ProcessRegistry } from './processes.ts';

/** What a command did so far, by name: objects, bytes, failures. */
export type RunCounts = Record<string, number>;

/**
 * A command over many objects that a version before batches left unfinished. Such commands are batches now, which begin no
 * runs: these are only listed, turned into a batch, or dropped.
 */
export interface Run {
  id: string;
  state: 'running' | 'done';
  /** The command and its options, as the command line gave them; never a secret, for this is kept on disk. */
  args: unknown;
  counts: RunCounts;
  createdAt: number;
  updatedAt: number;
}

export interface RunLog {
  /** It is a batch now, or dropped. */
  finish(id: string): void;
  get(id: string): Run | undefined;
  /** Runs that did not finish and whose process is gone, oldest first. */
  listUnfinished(): Run[];
  /** True when the run is this process's to do from now on; false when it is done or a living process has it. */
  claim(id: string): boolean;
}

interface RunRow {
  id: string;
  state: 'running' | 'done';
  token: string;
  created_at: number;
  updated_at: number;
  body: string;
}

/** The run log on SQLite; finished runs are deleted after `keepMs`. */
export class EmbeddedRunLog implements RunLog {
  readonly #database: StateDatabase;
  readonly #processes: ProcessRegistry;
  readonly #clock: Clock;

  constructor(database: StateDatabase, processes: ProcessRegistry, clock: Clock) {
    this.#database = database;
    this.#processes = processes;
    this.#clock = clock;
  }

  finish(id: string): void {
    this.#database.rows(`UPDATE runs SET state = 'done', updated_at = ? WHERE id = ?`, this.#clock.now(), id);
  }

  get(id: string): Run | undefined {
    const [row] = this.#database.rows<RunRow>('SELECT * FROM runs WHERE id = ?', id);
    return row && this.#toRun(row);
  }

  listUnfinished(): Run[] {
    const living = new Set(this.#processes.living());
    return this.#database
      .rows<RunRow>(`SELECT * FROM runs WHERE state = 'running' ORDER BY created_at, id`)
      .filter((row) => !living.has(row.token))
      .map((row) => this.#toRun(row));
  }

  claim(id: string): boolean {
    return this.#database.transaction(() => {
      const [row] = this.#database.rows<RunRow>(`SELECT * FROM runs WHERE id = ? AND state = 'running'`, id);
      const own = this.#processes.token;
      if (!row || this.#processes.living().some((token) => token === row.token && token !== own)) return false;
      this.#database.rows('UPDATE runs SET token = ? WHERE id = ?', own, id);
      return true;
    });
  }

  /** Deletes runs that finished more than `keepMs` ago. */
  purge(keepMs: number): void {
    this.#database.rows(`DELETE FROM runs WHERE state = 'done' AND updated_at < ?`, this.#clock.now() - keepMs);
  }

  #toRun(row: RunRow): Run {
    const { args, counts } = this.#database.parse<Pick<Run, 'args' | 'counts'>>(row.body);
    return { id: row.id, state: row.state, args, counts, createdAt: row.created_at, updatedAt: row.updated_at };
  }
}
