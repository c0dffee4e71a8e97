import { startTwin } from '../../../lib/twin/start.ts';
import { fidelityContract, type Setting } from './suite.ts';

const settings: Pick<Setting, 'name' | 'scheme' | 'quirks'>[] = [
  { name: 'the twin, OSS', scheme: 'oss', quirks: { secondClass: 'IA' } },
  { name: 'the twin, S3', scheme: 's3', quirks: { secondClass: 'STANDARD_IA' } },
];

for (const setting of settings) {
  fidelityContract({
    ...setting,
    objects: Number(process.env.N ?? 30),
    seed: 1,
    open: async () => {
      const { url, accessKeyId, secretAccessKey, close } = await startTwin();
      const region = setting.scheme === 'oss' ? 'cn-hangzhou' : 'us-east-1';
      const server = { scheme: setting.scheme, endpoint: url, region, accessKeyId, secretAccessKey };
      const grants = setting.scheme === 's3' ? { owner: '1234567890', stranger: '2345678901' } : {};
      return { server, ...grants, close };
    },
  });
}
