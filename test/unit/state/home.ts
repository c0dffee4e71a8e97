import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Job } from '../../../lib/copy/model/job.ts';
import { StateDatabase } from '../../../lib/state/database.ts';

/** A folder that is gone after the test. */
export function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'ferry-unit-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

/** The state file in a folder, closed after the test. */
export function openIn(home: string): StateDatabase {
  const database = StateDatabase.openIn(home);
  onTestFinished(() => database.close());
  return database;
}

/** A clock that stands until it is moved; its sleep returns at once. */
export function handClock(start = 1_700_000_000_000) {
  const clock = { at: start, now: () => clock.at, sleep: async () => {} };
  return clock;
}

export function jobOf(id: string, over: Partial<Job> = {}): Job {
  return {
    id,
    revision: 1,
    state: 'copying',
    mode: 'copy',
    store: { scheme: 's3' },
    source: { bucket: 'a', key: 'k' },
    destination: { bucket: 'b', key: 'k' },
    options: {},
    partsDone: 0,
    createdAt: 1,
    updatedAt: 1,
    ...over,
  };
}
