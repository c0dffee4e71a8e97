/** Embedded runtimes on one twin and one state folder, for batches. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { BatchInput, BatchView, ResultLine } from '../../../lib/batch/index.ts';
import { createBatch, results } from '../../../lib/batch/index.ts';
import type { StoreAddress } from '../../../lib/copy/model/object.ts';
import type { Embedded, EmbeddedOptions } from '../../../lib/runtime/embedded/open.ts';
import { openEmbedded } from '../../../lib/runtime/embedded/open.ts';
import type { Twin } from '../../../lib/twin/start.ts';
import { startTwin } from '../../../lib/twin/start.ts';

export interface Rig {
  twin: Twin;
  home: string;
  address: StoreAddress;
  open(options?: EmbeddedOptions): Promise<Embedded>;
  /** Objects `PREFIX0000`... with small bodies of their own. */
  put(count: number, prefix?: string): Promise<string[]>;
  request(change?: Partial<BatchInput>): BatchInput;
}

export async function useRig(scheme: StoreAddress['scheme'] = 'oss'): Promise<Rig> {
  const twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'backup' }, { name: 'work' }] });
  const home = mkdtempSync(join(tmpdir(), 'ferry-batch-'));
  const opened: Embedded[] = [];
  onTestFinished(async () => {
    for (const embedded of opened) await embedded.close();
    await twin.close();
    rmSync(home, { recursive: true, force: true });
  });
  const address: StoreAddress = { scheme, endpoint: twin.url, region: 'cn-hangzhou' };
  const { accessKeyId, secretAccessKey } = twin;
  const credentials = async () => ({ accessKeyId, secretAccessKey });
  return {
    twin,
    home,
    address,
    async open(options) {
      const embedded = await openEmbedded({ home, credentials: { oss: credentials, s3: credentials }, ...options });
      opened.push(embedded);
      return embedded;
    },
    async put(count, prefix = 'in/') {
      const keys = Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(4, '0')}`);
      for (const key of keys) await twin.store.put('photos', key, { body: Buffer.from(`body of ${key}`) });
      return keys;
    },
    request: (change) => ({
      mode: 'copy',
      store: address,
      source: { kind: 'prefix', bucket: 'photos', prefix: 'in/' },
      destination: { bucket: 'backup' },
      options: {},
      ...change,
    }),
  };
}

/** Creates a batch and works on it to its end. */
export async function runToEnd(embedded: Embedded, request: BatchInput): Promise<BatchView> {
  const { id } = await createBatch(embedded.batches, request);
  return await embedded.runBatch(id);
}

export async function linesOf(embedded: Embedded, id: string): Promise<ResultLine[]> {
  const lines: ResultLine[] = [];
  for await (const line of results(embedded.batches, id)) lines.push(line);
  return lines;
}
