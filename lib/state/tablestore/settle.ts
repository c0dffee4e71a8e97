import { randomBytes } from 'node:crypto';
import { RetryLater } from '../../copy/model/errors.ts';
import type { TablestoreClient } from '../tablestore-client/client.ts';
import { readDone, readOneRow } from '../tablestore-client/answers.ts';
import { ConditionFailed } from '../tablestore-client/errors.ts';
import type { Key, Row } from '../tablestore-client/read-rows.ts';
import type { Request } from '../tablestore-client/requests.ts';
import { getRow } from '../tablestore-client/requests.ts';

/** Column with a word that each conditional write makes up for itself: whoever reads it knows which write landed last. */
export const writerColumn = 'writer';

export interface ConditionalWrite {
  table: string;
  key: Key;
  /** The request; its row gets `writer` in its column. */
  request: (writer: string) => Request;
  /** Whether the condition would still hold on this row. */
  isOpen: (row: Row | undefined) => boolean;
}

/**
 * Sends a conditional write. Its result is the row that refused it, read anew, for the service does not send it along.
 *
 * When the answer is lost, the row tells: it holds this write's word (landed), it is as it was (the write is sent again, under
 * the same word, and the condition lets only one of the two land), or another write came (refused). If another write came on
 * top of this one, the result is `landed: false` with the row of that other, as if it had been the faster.
 * @throws RetryLater, with `effect: 'unknown'` where the write may have taken effect; GiveUp StateUnusable.
 */
export async function writeIf(
  client: TablestoreClient,
  { table, key, request, isOpen }: ConditionalWrite,
): Promise<{ landed: true } | { landed: false; row: Row | undefined }> {
  const writer = randomBytes(9).toString('base64url');
  const toSend = request(writer);
  for (let attempt = 1; ; attempt += 1) {
    let lost: RetryLater | undefined;
    try {
      await client.call(toSend, readDone);
      return { landed: true };
    } catch (error) {
      if (error instanceof RetryLater && error.effect === 'unknown') lost = error;
      else if (!(error instanceof ConditionFailed)) throw error;
    }
    const row = await client.call(getRow(table, key), readOneRow, { repeatUnknown: true });
    if (row?.[writerColumn] === writer) return { landed: true };
    if (lost === undefined || !isOpen(row)) return { landed: false, row };
    if (attempt >= client.attempts) throw lost;
    await client.pause(attempt);
  }
}
