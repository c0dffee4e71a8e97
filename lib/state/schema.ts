/**
 * The tables of the state file. Entry N brings a file of version N to version N + 1; the version is SQLite's `user_version`.
 * Entries are never edited once released: a change is a new entry.
 *
 * Times are epoch milliseconds. What is asked for by SQL is a column, the rest of a record is JSON in `body`.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE jobs (
    id           TEXT PRIMARY KEY,
    revision     INTEGER NOT NULL,
    state        TEXT NOT NULL,
    parts_done   INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    attention_at INTEGER,
    expires_at   INTEGER,
    body         TEXT NOT NULL
  );
  CREATE INDEX jobs_by_age ON jobs (created_at, id);
  CREATE INDEX jobs_by_state ON jobs (state, created_at, id);
  CREATE INDEX jobs_by_attention ON jobs (attention_at, id) WHERE attention_at IS NOT NULL;
  CREATE INDEX jobs_by_expiry ON jobs (expires_at) WHERE expires_at IS NOT NULL;

  -- Which process drives which job. A token without a living process means: take it over.
  CREATE TABLE processes (
    token     TEXT PRIMARY KEY,
    pid       INTEGER NOT NULL,
    host      TEXT NOT NULL,
    boot      TEXT,
    started   TEXT,
    heartbeat INTEGER NOT NULL
  );
  CREATE TABLE owners (
    job_id TEXT PRIMARY KEY,
    token  TEXT NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE runs (
    id         TEXT PRIMARY KEY,
    state      TEXT NOT NULL,
    token      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    body       TEXT NOT NULL
  );
  CREATE INDEX runs_by_state ON runs (state, created_at);

  -- AUTOINCREMENT: an id is never given twice, so a late acknowledgement cannot hit another message.
  CREATE TABLE inbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    queue      TEXT NOT NULL,
    task       TEXT NOT NULL,
    attempt    INTEGER NOT NULL DEFAULT 0,
    visible_at INTEGER NOT NULL,
    leased_by  TEXT,
    created_at INTEGER NOT NULL,
    dead_at    INTEGER,
    reason     TEXT
  );
  CREATE INDEX inbox_by_time ON inbox (queue, visible_at, id) WHERE dead_at IS NULL;
  CREATE INDEX inbox_leases ON inbox (leased_by) WHERE leased_by IS NOT NULL;
  CREATE INDEX inbox_dead ON inbox (queue, id) WHERE dead_at IS NOT NULL;
  `,
  `
  CREATE TABLE shared (
    id         TEXT PRIMARY KEY,
    revision   INTEGER NOT NULL,
    value      TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  );
  CREATE INDEX shared_by_expiry ON shared (expires_at);

  -- Version 1 kept these values in rows that were no jobs. CASE: a record that is no JSON is left as it is.
  INSERT INTO shared (id, revision, value, expires_at)
    SELECT id, revision, json_extract(body, '$.batch'), expires_at FROM jobs
    WHERE expires_at IS NOT NULL
      AND CASE WHEN json_valid(body) THEN json_extract(body, '$.batch.kind') IN ('pace', 'priorities') ELSE 0 END;
  DELETE FROM owners WHERE job_id IN (SELECT id FROM shared);
  DELETE FROM jobs WHERE id IN (SELECT id FROM shared);
  `,
  `
  -- How often a process died while it had this message. One that did is given out alone (see DurableQueue).
  ALTER TABLE inbox ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX inbox_suspects ON inbox (queue, visible_at, id) WHERE deaths > 0 AND dead_at IS NULL;

  -- Tasks of the queues in memory that a process works on. Rows without a token: a process has died with them.
  CREATE TABLE under_way (
    name   TEXT PRIMARY KEY,
    token  TEXT,
    deaths INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
  `,
  `
  -- When visible_at was written. A time to come says that the clock was set back since, and visible_at may be far away.
  ALTER TABLE inbox ADD COLUMN written_at INTEGER NOT NULL DEFAULT 0;
  `,
];
