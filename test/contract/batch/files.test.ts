import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { StoreAddress } from '../../../lib/copy/model/object.ts';
import { openStore } from '../../../lib/store/open.ts';
import { WorkBucket } from '../../../lib/store/work-bucket.ts';
import { WorkFolder } from '../../../lib/store/work-folder.ts';
import { startTwin } from '../../../lib/twin/start.ts';
import { filesSuite } from './files-suite.ts';

filesSuite('a folder', async () => {
  const path = mkdtempSync(join(tmpdir(), 'ferry-work-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return new WorkFolder(join(path, 'not', 'yet', 'there'));
});

const schemes: StoreAddress['scheme'][] = ['oss', 's3'];
for (const scheme of schemes) {
  filesSuite(`a bucket of ${scheme}`, async () => {
    const twin = await startTwin({ buckets: [{ name: 'work' }] });
    const { accessKeyId, secretAccessKey } = twin;
    const client = openStore({
      address: { scheme, endpoint: twin.url, region: 'cn-hangzhou' },
      credentials: async () => ({ accessKeyId, secretAccessKey }),
    });
    onTestFinished(async () => {
      await client.close();
      await twin.close();
    });
    return new WorkBucket(client, 'work', 'ferry/batches/');
  });
}
