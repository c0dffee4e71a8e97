/** What a batch reads: where its objects are named, and how the reading is cut into ranges, pages and cursors. */
import * as z from 'zod';
import type { ObjectRef } from '../../copy/model/object.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import type { CopyOptions } from '../../copy/model/request.ts';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** One object to copy, as the source names it, decoded. */
export interface Entry {
  bucket: string;
  key: string;
  versionId?: string;
  /** Without quotes. */
  etag?: string;
  /** Bytes. */
  size?: number;
  /** Epoch milliseconds. */
  lastModified?: number;
  /** As the store spells it. */
  storageClass?: string;
  /** Where the source itself says that the object goes; without a bucket, into the batch's. */
  destination?: { bucket?: string; key: string };
  /** What the source asks for this object alone. */
  options?: Partial<CopyOptions>;
  /** Line of the file, from 1. */
  line?: number;
  /** Of a source that follows a replication rule. */
  rule?: {
    /** Which destination of the rule this is about. */
    route: string;
    /** Only the replica was listed. */
    extra?: true;
  };
  /** Of a sync: what stands at the destination, as it was listed; absent when nothing does. */
  there?: { etag: string; size: number; lastModified: number };
  /** Of a sync: only the destination was listed. */
  extra?: true;
}

/** A row that names no object. */
export interface Rejected {
  /** Line (Parquet: row) of the file, from 1. */
  line: number;
  /** Which file, where the source has several. */
  file?: string;
  /** The row, shortened. */
  text: string;
  why: string;
}

/** Rows that name an object which is not to be copied: no mistake, but they are counted. */
export type PassedOver =
  | 'delete-marker'
  | 'not-latest'
  | 'other-status'
  /** A heading, a total or a folder in the output of a listing tool. */
  | 'no-object'
  /** By the filters of a replication rule or a sync. */
  | 'filtered'
  /** Listings show size and ETag of both sides, and they are equal. */
  | 'equal'
  /** Of a sync that removes nothing: only the destination has it. */
  | 'extra';

/** A stretch of the source that one reader reads in order. */
export type RangeSpec = {
  /** Unique in the batch: digits and dots, e.g. `0.2.1`. */
  range: string;
} & { [name: string]: Json };

/** Where reading goes on, as the reader of this kind of source understands it. */
export type Cursor = Json;

export interface ReadOptions extends CallOptions {
  /** False when there are readers enough: the range is not split. Default true. */
  split?: boolean;
  /** Only the beginning is looked at: a checksum that takes a reading of the whole file is left to the reader of it all. Default false. */
  sample?: boolean;
}

export interface RangePage {
  /** At most `limit`, together with `rejected`. */
  entries: Entry[];
  rejected: Rejected[];
  /** Rows passed over since the cursor before. */
  passedOver: Partial<Record<PassedOver, number>>;
  /** Of a sync: objects that were listed and chosen since the cursor before. */
  sides?: { sources: number; destinations: number; extras: number };
  /** Reading goes on behind the last entry of this page. With `last` there is nothing to go on with. */
  cursor: Cursor;
  last: boolean;
  /** A new range that from here on owns what `cursor` no longer covers: it must be recorded with the page. */
  split?: RangeSpec;
}

export interface RangeReader {
  /**
   * The next page of a range: its first for no cursor, else the one behind `cursor`. Any page can be read again, by any
   * process. What was read ahead is kept between calls, so going on is cheaper than beginning anew.
   * @throws RetryLater for a store that does not answer now; GiveUp BadRequest for a bad row when the source says `fail`, or
   *   for a file that cannot be read at all; GiveUp VerificationFailed for a file whose MD5 is not the inventory's.
   */
  read(range: RangeSpec, cursor: Cursor | undefined, limit: number, options?: ReadOptions): Promise<RangePage>;
  /** Lets go of what is open for the range; reading may still go on later. */
  close(range: RangeSpec): Promise<void>;
}

export interface OpenSource {
  /** The ranges that reading begins with. The same on every call. */
  ranges(): Promise<RangeSpec[]>;
  reader: RangeReader;
  close(): Promise<void>;
}

const text = z.string().min(1);

/** An object or a local file. Standard input cannot be read again: a command that reads a batch from it keeps it in a file first. */
export const fileSchema = z.union([
  z.strictObject({ bucket: text, key: text, versionId: text.optional() }),
  z.strictObject({ path: text }),
]);
export type FileRef = z.output<typeof fileSchema>;

/** How a list is written. `auto`: the first line tells. `ls`: URLs, one a line, or the output of a tool that lists. */
export const manifestFormats = ['auto', 'csv', 'tsv', 'jsonl', 'json', 'ls'] as const;
export type ManifestFormat = (typeof manifestFormats)[number];

/** Format of a manifest by its name, when the request names none; most names promise nothing. */
export function manifestFormat(name: string): ManifestFormat {
  return /\.(jsonl|ndjson)(\.gz)?$/i.test(name) ? 'jsonl' : 'auto';
}

export const manifestColumns = ['bucket', 'key', 'versionId', 'etag', 'size', 'destination'] as const;

const onBad = z
  .enum(['skip', 'fail'])
  .default('skip')
  .describe('A malformed row is reported and skipped, or ends the batch.');

const encoding = z
  .enum(['plain', 'url', 'form'])
  .describe('How keys are written: as they are; with %xx; with %xx and + for a space.');

export const sourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('prefix'), bucket: text, prefix: z.string().default('') }),
  z.strictObject({
    kind: z.literal('manifest'),
    file: fileSchema,
    format: z.enum(manifestFormats),
    bucket: text.optional().describe('For rows that name no bucket.'),
    columns: z
      .array(z.union([z.enum(manifestColumns), z.literal('')]))
      .optional()
      .describe(
        "CSV and TSV: what the columns are, '' for one to ignore. Left out: the header row, or else bucket,key,versionId,etag,size,destination.",
      ),
    header: z
      .boolean()
      .optional()
      .describe('CSV: whether the first row is a header. Left out: it is if it names a column key.'),
    encoding: encoding.default('plain'),
    onBad,
  }),
  z.strictObject({
    kind: z.literal('inventory'),
    file: fileSchema.describe('The manifest.json of an S3 or OSS inventory.'),
    versions: z
      .enum(['latest', 'all'])
      .default('latest')
      .describe('Whether versions that are not the latest are copied too.'),
    encoding: encoding.optional().describe('Left out: for CSV form for S3, url for OSS; plain for Parquet.'),
    onBad,
  }),
  z.strictObject({
    kind: z.literal('results'),
    batchId: text,
    statuses: z.array(text).default(['failed']).describe('Which objects of the batch.'),
  }),
]);

/** What a batch is about, as people write it. */
export type SourceInput = z.input<typeof sourceSchema>;
export type SourceSpec = z.output<typeof sourceSchema>;

/** One line of a listing. */
export interface ListedEntry {
  key: string;
  size: number;
  etag: string;
  /** Epoch milliseconds. */
  lastModified: number;
  storageClass?: string;
}

/** What sources need of the world. */
export interface SourcePorts {
  /** Of the store that is read: lists may name objects by URL, and those of the other vendor are refused. */
  scheme?: 'oss' | 's3';
  /** Keys strictly after `startAfter` in the order of their UTF-8 bytes, at most `limit` (1 to 1,000). */
  list(
    bucket: string,
    query: { prefix: string; startAfter?: string; limit: number } & CallOptions,
  ): Promise<{ entries: ListedEntry[]; more: boolean }>;
  /**
   * The bytes of a file from `from` on, to its end or up to `to`, which is left out. Stopping early must let go of the
   * connection. @throws GiveUp NotFound.
   */
  stream(file: FileRef, options?: { from?: number; to?: number } & CallOptions): Promise<AsyncIterable<Uint8Array>>;
  /** As `stream`, of the version that has this ETag. Needed by a deep verify. @throws SourceChanged. */
  read?(
    ref: ObjectRef,
    options: { from: number; to: number; etag: string } & CallOptions,
  ): Promise<AsyncIterable<Uint8Array>>;
  /** The results of another batch; needed for `results`. */
  results?(batchId: string): {
    /** In no particular order. */
    names(): AsyncIterable<string>;
    read(name: string): Promise<string | undefined>;
  };
  /** Checks the options of one row, throws an Error that says what is wrong. Absent: rows must not carry options. */
  parseOptions?(value: unknown): Partial<CopyOptions>;
}
