/** One store with objects in it, and command lines that run against it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unique } from '../store/target.ts';
import type { Facts } from './facets.ts';
import { eachOf, lookAt, type Place } from './look.ts';
import type { Spec } from './objects.ts';
import { put } from './put.ts';
import { environment, runHere, type Document, type Outcome, type Run } from './run.ts';
import { ask } from './wire.ts';
import { commandLine, planLine, type Way } from './ways.ts';

export interface Setting {
  name: string;
  /** Known before any server runs; the rest comes with `open`. */
  scheme: Place['server']['scheme'];
  quirks: Place['quirks'];
  open(): Promise<Omit<Place, 'quirks'> & { close(): Promise<void> }>;
  objects: number;
  /** So many of them get a command of their own: a plan before each way, and every change in place. */
  singly: number;
  seed: number;
  /** Of parts that are uploaded, bytes. */
  smallestPart: number;
  /** Runs what concerns many objects; absent: in this process, as what concerns one always does. */
  runMany?: (env: Record<string, string>) => Run;
}

/** A bucket and what is known of its objects, by key. */
export interface Filled {
  bucket: string;
  facts: Map<string, Facts>;
}

/** A bucket that takes locks keeps versions, too. */
export type BucketKind = 'plain' | 'versioned' | 'locking';

export interface Stage {
  place: Place;
  url(bucket: string, key?: string): string;
  newBucket(kind?: BucketKind): Promise<string>;
  fill(specs: readonly Spec[], kind?: BucketKind): Promise<Filled>;
  runOne: Run;
  /** What is planned for some objects, by key. */
  plans(way: Way, keys: readonly string[], from: string, to: string): Promise<Map<string, Document>>;
  /** Does it, and returns what is said about each object, by key. */
  reports(way: Way, keys: readonly string[], from: string, to: string): Promise<Map<string, Document>>;
  /** What `batch verify` says of each object, ACLs included. */
  verdicts(from: string, to: string, ...flags: string[]): Promise<Map<string, Document>>;
  close(): Promise<void>;
}

const versioning =
  '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>';

export async function openStage(setting: Setting): Promise<Stage> {
  const home = await mkdtemp(join(tmpdir(), 'ferry-differential-'));
  const { close, ...opened } = await setting.open();
  const place = { ...opened, quirks: setting.quirks };
  const env = environment(place.server, home);
  const runOne = runHere(env);
  const runMany = setting.runMany?.(env) ?? runOne;
  const url = (bucket: string, key = ''): string => `${setting.scheme}://${bucket}/${key}`;

  const newBucket = async (kind: BucketKind = 'plain'): Promise<string> => {
    const bucket = unique('fidelity');
    const headers: Record<string, string> = kind === 'locking' ? { 'x-amz-bucket-object-lock-enabled': 'true' } : {};
    await ask(place.server, { method: 'PUT', bucket, headers });
    if (kind === 'versioned')
      await ask(place.server, { method: 'PUT', bucket, query: { versioning: '' }, body: versioning });
    return bucket;
  };

  /** The report of the batch that this command line ran. */
  const batchReports = async (ran: Outcome): Promise<Map<string, Document>> => {
    const [{ id, summary } = {}] = ran.documents;
    if (id === undefined) throw new Error(`no batch began: ${ran.text}`);
    const { documents } = await runMany('batch', 'report', id);
    // What no object of a batch keeps is said once.
    return new Map(documents.map((document) => [document.key ?? '', { ...document, notKept: summary?.notKept }]));
  };

  const oneByOne = async (keys: readonly string[], line: (key: string) => string[]): Promise<Map<string, Document>> => {
    const found = new Map<string, Document>();
    await eachOf(keys, 4, async (key) => {
      const { documents, text } = await runOne(...line(key));
      found.set(key, documents[0] ?? { status: 'failed', error: { code: 'nothing was reported', message: text } });
    });
    return found;
  };

  return {
    ...{ place, url, newBucket, runOne },
    async fill(specs, kind) {
      const bucket = await newBucket(kind);
      await eachOf(specs, 3, async (spec) => void (await put(place.server, bucket, spec)));
      const keys = specs.map(({ key }) => key);
      return { bucket, facts: await lookAt(place, bucket, keys) };
    },
    plans: (way, keys, from, to) => oneByOne(keys, (key) => planLine(way, url(from, key), url(to, key))),
    async reports(way, keys, from, to) {
      if (way.command === 'meta') return oneByOne(keys, (key) => commandLine(way, url(from, key)));
      const ran = await runMany(...commandLine(way, url(from), url(to)));
      if (way.command === 'batch run') return batchReports(ran);
      return new Map(ran.documents.map((document) => [(document.source ?? '').slice(url(from).length), document]));
    },
    verdicts: async (from, to, ...flags) =>
      batchReports(await runMany('batch', 'verify', url(from), url(to), '--compare-acl', ...flags, '--json')),
    close: async () => {
      await close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
