/** One real server, seen from three sides: the command line through a proxy, the proxy's record, and a client of its own. */
import { createHash, type Hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

export async function openStage(server: ServerInfo): Promise<Stage> {
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
  partSize: number;
}

/**
 * Writes an object of many parts that are all different, quickly: one small object is put, and every part is another range
 * of it, which the server copies by itself.
 */
export async function putLarge(
  stage: Stage,
  ref: ObjectRef,
  { parts, partSize, ...more }: { parts: number; partSize: number } & Partial<InitiateCall>,
): Promise<Large> {
  const { store, bucket } = stage;
  const body = bytes(partSize + (parts - 1) * MiB);
  const source = { bucket, key: unique('block') };
  const { etag: sourceIfMatch } = await putObject(stage, source, body);
  const { uploadId } = await store.initiate({ destination: ref, content: {}, userMetadata: {}, tags: {}, ...more });
  const hash: Hash = createHash('sha256');
  const listed: { number: number; etag: string }[] = [];
  for (let first = 0; first < parts; first += 4) {
    const numbers = Array.from({ length: Math.min(4, parts - first) }, (_, i) => first + i + 1);
    const range = (number: number) => ({ first: (number - 1) * MiB, last: (number - 1) * MiB + partSize - 1 });
    const call = { source, sourceIfMatch, sourceSize: body.length, destination: ref, uploadId };
    const copied = numbers.map((partNumber) => store.uploadPartCopy({ ...call, partNumber, ...range(partNumber) }));
    for (const [i, { etag }] of (await Promise.all(copied)).entries()) listed.push({ number: first + i + 1, etag });
    for (const number of numbers) hash.update(body.subarray(range(number).first, range(number).last + 1));
  }
  await store.complete({ destination: ref, uploadId, parts: listed });
  await store.delete(source);
  return { ref, sha256: hash.digest('hex'), size: parts * partSize, parts, partSize };
}

export async function putObject(stage: Stage, ref: ObjectRef, body: Buffer): Promise<{ etag: string; sha256: string }> {
  await stage.store.putObject(ref, body);
  const { etag } = await stage.store.head(ref);
  return { etag, sha256: createHash('sha256').update(body).digest('hex') };
}
