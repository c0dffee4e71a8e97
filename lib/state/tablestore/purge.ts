import { readDone, readRange } from '../tablestore-client/answers.ts';
import { lowest } from '../tablestore-client/cells.ts';
import { ConditionFailed } from '../tablestore-client/errors.ts';
import type { TableOptions } from './jobs.ts';
import type { Key } from '../tablestore-client/read-rows.ts';
import { compare, deleteRow, getRange, keyOf } from '../tablestore-client/requests.ts';
import { indexNames } from './schema.ts';

/** Deletes that are under way at one time. */
const atOnce = 10;

/**
 * Deletes jobs and shared records whose time has come, at most `limit`, oldest first. Returns how many. Tablestore's own time to
 * live cannot do it: a table with indexes may not have one. The index only proposes; each delete has the expiry as its
 * condition, so that a row that was given more time since then stays.
 */
export async function purgeExpired({ client, table, clock }: TableOptions, limit: number): Promise<number> {
  const now = clock.now();
  const expired = { row: 'exists', filter: compare('expiresAt', '<=', now) } as const;
  let [deleted, seen] = [0, 0];
  let from: Key | undefined = keyOf({ expiresAt: lowest, id: lowest });
  const to = keyOf({ expiresAt: now + 1, id: lowest });
  while (from && seen < limit) {
    const request = getRange(indexNames(table).expired, {
      ...{ from, to, direction: 'forward' },
      limit: Math.min(limit - seen, 500),
    });
    const page = await client.call(request, readRange, { repeatUnknown: true });
    seen += page.rows.length;
    const ids = page.rows.map(({ id }) => String(id));
    const remove = async (): Promise<void> => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
        try {
          await client.call(deleteRow(table, keyOf({ id }), expired), readDone, { repeatUnknown: true });
          deleted += 1;
        } catch (error) {
          // Gone already, or given more time.
          if (!(error instanceof ConditionFailed)) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, remove));
    from = page.next;
  }
  return deleted;
}
