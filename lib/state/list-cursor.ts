import { GiveUp } from '../copy/model/errors.ts';
import type { Job } from '../copy/model/job.ts';

/** Where a list of jobs, newest first, goes on. */
export function cursorOf(job: Job): string {
  return Buffer.from(JSON.stringify([job.createdAt, job.id])).toString('base64url');
}

/** @throws GiveUp BadRequest for what `cursorOf` never gave. */
export function parseCursor(cursor: string): [number, string] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parsed) && parsed.length === 2) {
      const [createdAt, id] = parsed as unknown[];
      if (typeof createdAt === 'number' && typeof id === 'string') return [createdAt, id];
    }
  } catch {
    // Said below, with the same words for every kind of nonsense.
  }
  throw new GiveUp('BadRequest', 'The cursor is not one that this list gave out; start again without it.');
}
