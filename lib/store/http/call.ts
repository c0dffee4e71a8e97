import type { Readable } from 'node:stream';
import type { CallSubject } from '../answers/answer.ts';
import type { Query } from '../wire/encode.ts';
import type { Operation } from '../wire/operations.ts';

/** One call on the store, before it is addressed, signed and sent. */
export interface Call extends CallSubject {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  query?: Query;
  /** Lower-case names, plain text; undefined values are left out, empty ones are sent. */
  headers?: Readonly<Record<string, string | undefined>>;
  body?: CallBody;
  /** When this very call is more, or less, safe to repeat than its operation usually is. */
  repeat?: Operation['repeat'];
}

/** Text is an XML document; a stream is opened anew for every attempt. */
export type CallBody = string | Uint8Array | { open: () => Readable; size: number };

export function bodySize(body: CallBody | undefined): number {
  if (body === undefined) return 0;
  if (typeof body === 'string') return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.byteLength : body.size;
}
