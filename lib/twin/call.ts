/** One request on its way through an operation, and its answer. */
import type { Dialect } from './dialect.ts';
import type { EventSink } from './events/target.ts';
import type { Content } from './model/content.ts';
import type { Store } from './model/store.ts';
import type { TwinLimits, TwinQuirks } from './options.ts';
import type { Operation } from './routes.ts';
import type { Users } from './users.ts';
import type { Body } from './wire/body.ts';
import type { Query } from './wire/target.ts';
import type { XmlNode } from './wire/xml.ts';

/** Keeps the bytes of an upload, in memory or in a file. */
export interface ByteSink {
  keep(pieces: AsyncIterable<Buffer>): Promise<Content>;
}

export interface World {
  store: Store;
  bytes: ByteSink;
  limits: TwinLimits;
  quirks: TwinQuirks;
  events: EventSink;
  users: Users;
  /** Where notifications go, by the last piece of their ARN. */
  webhooks: Readonly<Record<string, string>>;
  /** Answers of Complete, for `quirks.completeRepeat: 'same'`. */
  completed: Map<string, Reply>;
  /** Where clients reach the twin. */
  url(): string;
}

export interface Call {
  dialect: Dialect;
  operation: Operation;
  /** '' for requests to the service. */
  bucket: string;
  /** '' for requests to a bucket. */
  key: string;
  query: Query;
  headers: Readonly<Record<string, string>>;
  body: Body;
  world: World;
  requestId: string;
  /** Epoch milliseconds. */
  now: number;
  /** Id of the user that signed; undefined for a request without a signature. */
  user: string | undefined;
  signedRegion: string | undefined;
  hostRegion: string | undefined;
}

export interface Reply {
  status: number;
  headers?: Record<string, string | undefined>;
  /** A document, rendered with the dialect's namespace. */
  xml?: { root: string; value: XmlNode | string; plain?: boolean };
  content?: Content;
  /** Bytes that moved inside the store. */
  copied?: number;
}

/** A header of the dialect's own, e.g. `own(call, 'copy-source')`; undefined when absent or empty. */
export function own(call: Pick<Call, 'dialect' | 'headers'>, name: string): string | undefined {
  return call.headers[call.dialect.prefix + name] || undefined;
}

export function httpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString();
}

/** As documents write it: both stores tell whole seconds, with `.000Z` after them, and OSS's Python SDK reads nothing else. */
export function isoDate(milliseconds: number): string {
  return new Date(Math.floor(milliseconds / 1000) * 1000).toISOString();
}
