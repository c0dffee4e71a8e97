/** The engine on the embedded adapters against the twin: nothing in between is a stand-in. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '../../../lib/copy/model/job.ts';
import type { StoreAddress } from '../../../lib/copy/model/object.ts';
import type { CopyRequest } from '../../../lib/copy/model/request.ts';
import type { CopyResult } from '../../../lib/copy/model/result.ts';
import type { Settings } from '../../../lib/copy/model/settings.ts';
import type { Embedded } from '../../../lib/runtime/embedded/open.ts';
import { openEmbedded } from '../../../lib/runtime/embedded/open.ts';
import type { StoreClient } from '../../../lib/store/open.ts';
import type { TwinOptions } from '../../../lib/twin/options.ts';
import type { Twin } from '../../../lib/twin/start.ts';
import { startTwin } from '../../../lib/twin/start.ts';

export interface Rig {
  twin: Twin;
  embedded: Embedded;
  address: StoreAddress;
  store: StoreClient;
  /** Copies to the end. @throws the CopyError that ended it. */
  run(
    request: Partial<CopyRequest> & Pick<CopyRequest, 'source' | 'destination'>,
  ): Promise<{ result: CopyResult; job?: Job }>;
  close(): Promise<void>;
}

export const dialects = ['oss', 's3'] as const;

export async function openRig(
  scheme: StoreAddress['scheme'],
  options: { twin?: TwinOptions; settings?: Partial<Settings> } = {},
): Promise<Rig> {
  const twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'backup' }], ...options.twin });
  const home = mkdtempSync(join(tmpdir(), 'ferry-rig-'));
  const { accessKeyId, secretAccessKey } = twin;
  const address: StoreAddress = { scheme, endpoint: twin.url, region: scheme === 'oss' ? 'cn-hangzhou' : 'us-east-1' };
  const embedded = await openEmbedded({
    home,
    settings: options.settings,
    credentials: { [scheme]: async () => ({ accessKeyId, secretAccessKey }) },
  });
  return {
    twin,
    embedded,
    address,
    store: embedded.store(address),
    run: (request) => embedded.run({ mode: 'copy', store: address, options: {}, ...request }),
    async close() {
      await embedded.close();
      await twin.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
