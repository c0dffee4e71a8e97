/** One real server, seen from three sides: the command line through a proxy, the proxy's record, and a client of its own. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectRef } from '../../lib/copy/model/object.ts';
import type { StoreClient } from '../../lib/store/calls/client.ts';
import { openStore } from '../../lib/store/open.ts';
import { unique, type Quirks } from '../contract/store/target.ts';
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

export { putLarge, sha256, type Large } from '../contract/store/large.ts';

export async function putObject(stage: Stage, ref: ObjectRef, body: Buffer): Promise<{ etag: string; sha256: string }> {
  await stage.store.putObject(ref, body);
  const { etag } = await stage.store.head(ref);
  return { etag, sha256: createHash('sha256').update(body).digest('hex') };
}
