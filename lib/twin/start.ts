/** Starts a twin: one server that speaks the OSS dialect and the S3 dialect over one store. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { TwinStore } from './access.ts';
import type { ByteSink, World } from './call.ts';
import { Deliveries } from './events/deliver.ts';
import { Control } from './control.ts';
import { Faults } from './faults.ts';
import type { Interference } from './fault-run.ts';
import { notified } from './events/notified.ts';
import { Store } from './model/store.ts';
import { DEFAULT_LIMITS, type TwinOptions } from './options.ts';
import { Folder } from './persist/folder.ts';
import { memorySink } from './persist/memory.ts';
import { seededRandom } from './random.ts';
import { RequestLog } from './requests.ts';
import { createTwinServer } from './server.ts';
import { Users } from './users.ts';

export interface Twin {
  /** `http://127.0.0.1:PORT`; `http://localhost:PORT` works as well. */
  url: string;
  port: number;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  store: TwinStore;
  requests: RequestLog;
  faults: Faults;
  /** Resolves when every event so far was delivered or given up. */
  eventsSettled(): Promise<void>;
  /** Stops at once: open connections are dropped. What a data folder was promised is on disk. */
  close(): Promise<void>;
}

/** Counts object data on its way in. */
function counted(sink: ByteSink, requests: RequestLog): ByteSink {
  return {
    keep: (pieces) =>
      sink.keep(
        (async function* () {
          for await (const piece of pieces) {
            requests.bytesIn += piece.length;
            yield piece;
          }
        })(),
      ),
  };
}

/** Throws when the port is taken or the data folder cannot be used. */
export async function startTwin(options: TwinOptions = {}): Promise<Twin> {
  const now = options.clock ?? Date.now;
  const sleep = options.sleep ?? ((milliseconds: number) => setTimeout(milliseconds));
  const keys = {
    accessKeyId: options.accessKeyId ?? 'twin-key',
    secretAccessKey: options.secretAccessKey ?? 'twin-secret',
    ...(options.sessionToken !== undefined && { sessionToken: options.sessionToken }),
  };
  const store = new Store({ now, region: options.region ?? 'cn-hangzhou' });
  const requests = new RequestLog();
  const seed = options.seed ?? 1;
  const faults = new Faults(seededRandom(seed), options.faults);
  const webhooks = options.webhooks ?? {};
  const targets = [...(options.events ?? [])];
  const deliveries = new Deliveries(() => [...targets, ...notified(store, webhooks)], seededRandom(seed + 1));
  const folder = options.data === undefined ? undefined : new Folder(options.data);
  const sink = folder?.sink ?? memorySink;
  const access = new TwinStore(store, sink, now);
  let url = '';
  const world: World = {
    store,
    bytes: counted(sink, requests),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    quirks: options.quirks ?? {},
    events: deliveries,
    webhooks,
    users: new Users(keys, options.users, options.roles),
    completed: new Map(),
    url: () => url,
  };
  folder?.attach(store);
  for (const bucket of options.buckets ?? []) if (!store.bucket(bucket.name)) store.createBucket(bucket);

  const interfere = async (effect: Interference): Promise<void> => {
    if (effect.kind === 'delete') return access.delete(effect.bucket, effect.key);
    const { bucket, key, body, size, seed } = effect;
    await access.put(bucket, key, { body, size, seed });
  };
  const control = new Control(access, faults, requests, targets);
  const server = createTwinServer({
    world,
    faults,
    requests,
    control,
    now,
    faultWorld: { sleep, interfere },
  });
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    folder?.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  url = `http://${options.host ?? '127.0.0.1'}:${port}`;
  return {
    url,
    port,
    ...keys,
    store: access,
    requests,
    faults,
    eventsSettled: () => deliveries.settled(),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, deliveries.stop()]);
      folder?.close();
    },
  };
}
