import { randomUUID } from 'node:crypto';
import { GiveUp } from '../copy/model/errors.ts';
import type { Clock } from '../copy/model/ports.ts';
import type { StateDatabase } from './database.ts';
import type { ProcessRegistry } from './processes.ts';

/** What a command did so far, by name: objects, bytes, failures. */
export type RunCounts = Record<string, number>;

/** One command over many objects (a recursive copy): what is needed to do it again after an interruption. */
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
  begin(args: unknown): Run;
  /** Costs one write to disk: call it every so many objects, not for each. */
  update(id: string, counts: RunCounts): void;
  finish(id: string, counts: RunCounts): void;
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

  begin(args: unknown): Run {
    const now = this.#clock.now();
    const run: Run = { id: randomUUID(), state: 'running', args, counts: {}, createdAt: now, updatedAt: now };
    this.#database.rows(
      'INSERT INTO runs (id, state, token, created_at, updated_at, body) VALUES (?, ?, ?, ?, ?, ?)',
      ...[run.id, run.state, this.#processes.token, now, now, bodyOf(run)],
    );
    return run;
  }

  update(id: string, counts: RunCounts): void {
    this.#write(id, 'running', counts);
  }

  finish(id: string, counts: RunCounts): void {
    this.#write(id, 'done', counts);
  }

  #write(id: string, state: Run['state'], counts: RunCounts): void {
    const run = this.get(id);
    if (!run) throw new GiveUp('NotFound', `There is no run ${id} in ${this.#database.path}.`);
    this.#database.rows(
      'UPDATE runs SET state = ?, updated_at = ?, body = ? WHERE id = ?',
      ...[state, this.#clock.now(), bodyOf({ ...run, counts }), id],
    );
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

function bodyOf({ args, counts }: Run): string {
  return JSON.stringify({ args, counts });
}
