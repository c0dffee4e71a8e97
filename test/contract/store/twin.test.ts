import { openStore } from '../../../lib/store/open.ts';
import { startTwin } from '../../../lib/twin/start.ts';
import { storeContract } from './suite.ts';
import { MiB, type Description, type Target } from './target.ts';

/** Low enough to be reached with small objects. */
const copyLimit = 64 * MiB;

const dialects: Description[] = [
  { name: 'the twin, OSS', scheme: 'oss', quirks: { copyLimit, secondClass: 'IA', forgetsCompletion: true } },
  { name: 'the twin, S3', scheme: 's3', quirks: { copyLimit, secondClass: 'STANDARD_IA', forgetsCompletion: true } },
];

for (const description of dialects) storeContract(description, () => target(description.scheme));

async function target(scheme: 'oss' | 's3'): Promise<Target> {
  const limits = { ossCopyOtherBucket: copyLimit, s3Copy: copyLimit };
  const stranger = { accessKeyId: 'stranger', secretAccessKey: 'stranger-secret' };
  const twin = await startTwin({ limits, users: [{ name: 'stranger', ...stranger }] });
  const open: { close(): Promise<void> }[] = [];
  return {
    owner: { accessKeyId: twin.accessKeyId, secretAccessKey: twin.secretAccessKey },
    stranger,
    connect: (keys, clock) => {
      const address = { scheme, endpoint: twin.url, region: scheme === 'oss' ? 'cn-hangzhou' : 'us-east-1' };
      const client = openStore({ address, credentials: () => Promise.resolve(keys), ...(clock ? { clock } : {}) });
      open.push(client);
      return client;
    },
    close: async () => {
      for (const client of open) await client.close();
      await twin.close();
    },
  };
}
