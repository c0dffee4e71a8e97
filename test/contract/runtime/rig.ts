/** Embedded runtimes, as many as a test wants, on one twin and one state folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { StoreAddress } from '../../../lib/copy/model/object.ts';
import type { CopyRequest } from '../../../lib/copy/model/request.ts';
import type { Embedded, EmbeddedOptions } from '../../../lib/runtime/embedded/open.ts';
import { openEmbedded } from '../../../lib/runtime/embedded/open.ts';
import { openStore } from '../../../lib/store/open.ts';
import type { Twin } from '../../../lib/twin/start.ts';
import { startTwin } from '../../../lib/twin/start.ts';

export const MiB = 1024 ** 2;

export interface Rig {
  twin: Twin;
  address: StoreAddress;
  open(options?: EmbeddedOptions): Promise<Embedded>;
  /** Puts an object and gives the request to copy it in parts of 1 MiB. */
  large(key: string, parts: number, options?: CopyRequest['options']): Promise<CopyRequest>;
  /** Part copies in flight now and at most, over all runtimes. */
  inFlight: { now: number; most: number };
  /** Makes every part copy take that long. */
  slow(ms: number): void;
  uploads(): number;
}

export async function useRig(): Promise<Rig> {
  const twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'backup' }] });
  const home = mkdtempSync(join(tmpdir(), 'ferry-runtime-'));
  const opened: Embedded[] = [];
  onTestFinished(async () => {
    for (const embedded of opened) await embedded.close();
    await twin.close();
    rmSync(home, { recursive: true, force: true });
  });
  const address: StoreAddress = { scheme: 'oss', endpoint: twin.url, region: 'cn-hangzhou' };
  const { accessKeyId, secretAccessKey } = twin;
  const inFlight = { now: 0, most: 0 };

  return {
    twin,
    address,
    inFlight,
    slow: (ms) => void twin.faults.add({ match: { operation: 'UploadPartCopy' }, effect: { kind: 'latency', ms } }),
    uploads: () => twin.store.uploads('backup').length,
    async open(options) {
      const embedded = await openEmbedded({
        home,
        credentials: { oss: async () => ({ accessKeyId, secretAccessKey }) },
        open: (config) => {
          const client = openStore(config);
          const uploadPartCopy: typeof client.uploadPartCopy = async (call, callOptions) => {
            inFlight.now += 1;
            inFlight.most = Math.max(inFlight.most, inFlight.now);
            try {
              return await client.uploadPartCopy(call, callOptions);
            } finally {
              inFlight.now -= 1;
            }
          };
          return { ...client, uploadPartCopy };
        },
        ...options,
      });
      opened.push(embedded);
      return embedded;
    },
    async large(key, parts, options) {
      await twin.store.put('photos', key, { size: parts * MiB, seed: parts });
      return {
        mode: 'copy',
        store: address,
        source: { bucket: 'photos', key },
        destination: { bucket: 'backup', key },
        options: { partSize: MiB, ...options },
      };
    },
  };
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
