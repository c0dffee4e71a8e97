import { randomBytes } from 'node:crypto';
import { RetryLater } from '../../copy/model/errors.ts';
import type { TablestoreClient } from '../tablestore-client/client.ts';
import { readDone, readOneRow } from '../tablestore-client/answers.ts';
import { ConditionFailed } from '../tablestore-client/errors.ts';
import type { Key, Row } from '../tablestore-client/read-rows.ts';
import type { Request } from '../tablestore-client/requests.ts';
import { getRow } from '../tablestore-client/requests.ts';

/**
 * Each conditional write makes up a word for itself and leaves it in one of these columns, which take turns by the revision. So a
 * row tells which write made each of its last 32 revisions.
 */
const writerColumns = Array.from({ length: 32 }, (_, n) => `writer${n}`);

export interface ConditionalWrite {
  table: string;
  key: Key;
  /** The revision that the write makes. */
  revision: number;
  /** The request, which writes these columns among others. */
  request: (signature: Record<string, string>) => Request;
  /** Whether the condition would still hold on this row. */
  isOpen: (row: Row | undefined) => boolean;
}

/**
 * Sends a conditional write. Its result is the row that refused it, read anew, for the service does not send it along.
 *
 * When the answer is lost, the row tells: it holds this write's word (landed), it is as it was (the write is sent again, under
 * the same word, and the condition lets only one of the two land), or another write came (refused). Only if 32 others came on
 * top of this one within that moment, the result is `landed: false` as if they had been faster.
 * @throws RetryLater, with `effect: 'unknown'` where the write may have taken effect; GiveUp StateUnusable.
 */
export async function writeIf(
  client: TablestoreClient,
  { table, key, revision, request, isOpen }: ConditionalWrite,
): Promise<{ landed: true } | { landed: false; row: Row | undefined }> {
  const writer = randomBytes(9).toString('base64url');
  const column = writerColumns[revision % writerColumns.length] as string;
  const toSend = request({ [column]: writer });
  for (let attempt = 1; ; attempt += 1) {
    let lost: RetryLater | undefined;
    try {
      await client.call(toSend, readDone);
      return { landed: true };
    } catch (error) {
      if (error instanceof RetryLater && error.effect === 'unknown') lost = error;
      else if (!(error instanceof ConditionFailed)) throw error;
    }
    const row = await client.call(getRow(table, key), readOneRow, { repeatUnknown: true }).catch((error: unknown) => {
      // That the read failed says nothing about the write.
      throw lost ?? error;
    });
    if (row?.[column] === writer) return { landed: true };
    if (lost === undefined || !isOpen(row)) return { landed: false, row };
    if (attempt >= client.attempts) throw lost;
    await client.pause(attempt);
  }
}
