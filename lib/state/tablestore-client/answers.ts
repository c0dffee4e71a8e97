/** The answers to the requests of `requests.ts`. Functions throw errors for bytes that are no such answer. */
import type { Subject } from './errors.ts';
import { refusalError } from './errors.ts';
import { allBytesAt, bytesAt, numberAt, readMessage, textAt } from './protobuf.ts';
import type { Key, Row } from './read-rows.ts';
import { readKey, readRows } from './read-rows.ts';

/** A write that asked for no columns back. */
export function readDone(answer: Buffer): void {
  readMessage(answer);
}

/** The columns that UpdateRow was asked for, or the row that GetRow found; undefined when there are none. */
export function readOneRow(answer: Buffer): Row | undefined {
  return readRows(bytesAt(readMessage(answer), 2))[0];
}

/** The rows that are there, of `asked` keys. @throws the error of the first row that could not be read. */
export function readBatch(answer: Buffer, subject: Subject, asked: number): Row[] {
  const [table] = allBytesAt(readMessage(answer), 1);
  const entries = table === undefined ? [] : allBytesAt(readMessage(table), 2);
  if (entries.length !== asked) throw new Error(`the answer is about ${entries.length} rows, not ${asked}`);
  return entries.flatMap((bytes) => {
    const entry = readMessage(bytes);
    if (numberAt(entry, 1) === 1) return readRows(bytesAt(entry, 4));
    const error = readMessage(bytesAt(entry, 2) ?? Buffer.alloc(0));
    const code = textAt(error, 1) ?? 'OTSInternalServerError';
    throw refusalError({ status: 200, code, message: textAt(error, 2) ?? '' }, subject);
  });
}

export interface RangePage {
  rows: Row[];
  /** Where the next page begins; absent on the last one. A page may be empty and not the last. */
  next?: Key;
}

export function readRange(answer: Buffer): RangePage {
  const message = readMessage(answer);
  const next = readKey(bytesAt(message, 3));
  return { rows: readRows(bytesAt(message, 2)), ...(next && { next }) };
}
