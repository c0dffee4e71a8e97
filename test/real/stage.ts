/** One real server, seen from three sides: the command line through a proxy, the proxy's record, and a client of its own. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { InitiateCall } from '../../lib/copy/ports.ts';
import type { ObjectRef } from '../../lib/copy/object.ts';
import { openStore } from '../../lib/store/open.ts';
import type { StoreClient } from '../../lib/store/types.ts';
import { bytes, MiB, unique, type Quirks } from '../contract/store/target.ts';
import { startFerry, type Finished, type Running } from './ferry.ts';
import { quirks } from './quirks.ts';
import { startProxy, type Proxy } from './servers/proxy.ts';
import type { ServerInfo } from './servers/server.ts';

export interface Stage {
  quirks: Quirks;
  /** Talks to the server directly, past the proxy. */
  store: StoreClient;
  proxy: Proxy;
  bucket: string;
  backup: string;
  /** Starts `ferry`, whose every request goes through the proxy. */
  start(...args: string[]): Running;
  ferry(...args: string[]): Promise<Finished>;
  close(): Promise<void>;
}

/** @param settings further variables of the environment that `ferry` runs in. */
export async function openStage(server: ServerInfo, settings: Record<string, string> = {}): Promise<Stage> {
  const { kind, endpoint, region, accessKeyId, secretAccessKey } = server;
  const credentials = () => Promise.resolve({ accessKeyId, secretAccessKey });
  const store = openStore({ address: { scheme: 's3', endpoint, region }, credentials });
  const proxy = await startProxy(endpoint);
  const home = await mkdtemp(join(tmpdir(), 'ferry-real-'));
  const env = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: region,
    AWS_ENDPOINT_URL_S3: proxy.url,
    FERRY_HOME: join(home, 'state'),
    HOME: home,
    ...settings,
  };
  const start = (...args: string[]) => startFerry(args, env);
  const stage: Stage = {
    quirks: quirks[kind],
    store,
    proxy,
    bucket: unique('real'),
    backup: unique('backup'),
    start,
    ferry: (...args) => start(...args).finished,
    close: async () => {
      await store.close();
      await proxy.close();
      await rm(home, { recursive: true, force: true });
    },
  };
  for (const bucket of [stage.bucket, stage.backup]) await store.createBucket(bucket);
  return stage;
}

export const url = ({ bucket, key }: ObjectRef): string => `s3://${bucket}/${key}`;

/** SHA-256 of an object, read from the server. */
export async function sha256(store: StoreClient, ref: ObjectRef): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of (await store.getObject(ref)).body) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

export interface Large {
  ref: ObjectRef;
  sha256: string;
  size: number;
  parts: number;
}

/**
 * Writes a large object of which no two ranges are equal, from a small one. Where the server can pin such objects it is made
 * of parts, quickly: every part is another range of a block, which the server copies by itself.
 */
export async function putLarge(
  stage: Stage,
  ref: ObjectRef,
  { parts, partSize, ...more }: { parts: number; partSize: number } & Partial<InitiateCall>,
): Promise<Large> {
  const block = bytes(partSize + (parts - 1) * MiB);
  const ranges = Array.from({ length: parts }, (_, i) => ({ first: i * MiB, last: i * MiB + partSize - 1 }));
  const pieces = () => ranges.map(({ first, last }) => block.subarray(first, last + 1));
  const size = parts * partSize;
  if (stage.quirks.cannotPinMultipart) {
    await stage.store.putObject(ref, { size, open: () => Readable.from(pieces()) }, more);
  } else {
    await copyRanges(stage, block, ranges, { destination: ref, content: {}, userMetadata: {}, tags: {}, ...more });
  }
  const hash = createHash('sha256');
  for (const piece of pieces()) hash.update(piece);
  return { ref, sha256: hash.digest('hex'), size, parts };
}

/** An upload whose parts are these ranges of the block. */
async function copyRanges(
  { store, bucket }: Stage,
  block: Buffer,
  ranges: { first: number; last: number }[],
  call: InitiateCall,
): Promise<void> {
  const source = { bucket, key: unique('block') };
  await store.putObject(source, block);
  const { etag: sourceIfMatch } = await store.head(source);
  const { destination } = call;
  const { uploadId } = await store.initiate(call);
  const pin = { source, sourceIfMatch, sourceSize: block.length, destination, uploadId };
  const parts: { number: number; etag: string }[] = [];
  // A few at a time: the machine that runs the tests also runs the server.
  for (let from = 0; from < ranges.length; from += 4) {
    const some = ranges.slice(from, from + 4).map((range, i) => ({ ...range, partNumber: from + i + 1 }));
    const copied = await Promise.all(some.map((range) => store.uploadPartCopy({ ...pin, ...range })));
    parts.push(...copied.map(({ etag }, i) => ({ number: from + i + 1, etag })));
  }
  await store.complete({ destination, uploadId, parts });
  await store.delete(source);
}

export async function putObject(stage: Stage, ref: ObjectRef, body: Buffer): Promise<{ etag: string; sha256: string }> {
  await stage.store.putObject(ref, body);
  const { etag } = await stage.store.head(ref);
  return { etag, sha256: createHash('sha256').update(body).digest('hex') };
}
