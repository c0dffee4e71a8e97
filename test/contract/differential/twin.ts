import { startTwin } from '../../../lib/twin/start.ts';
import { idOf } from '../../../lib/twin/users.ts';
import type { Setting } from './stage.ts';

/** Small enough for many objects made of parts. */
const smallestPart = 100 * 1024;

/** The twin in one of its dialects; what it takes care of, a real store in test/real does with larger objects. */
export function twinSetting(scheme: Setting['scheme']): Setting {
  return {
    ...{ name: `the twin, ${scheme.toUpperCase()}`, scheme, objects: 24, singly: 6, seed: 1, smallestPart },
    quirks: { secondClass: scheme === 's3' ? 'STANDARD_IA' : 'IA' },
    open: async () => {
      const { url, accessKeyId, secretAccessKey, close } = await startTwin({
        limits: { s3MinPart: smallestPart },
        users: [{ name: 'stranger', accessKeyId: 'stranger', secretAccessKey: 'stranger-secret' }],
      });
      const region = scheme === 's3' ? 'us-east-1' : 'cn-hangzhou';
      const server = { scheme, endpoint: url, region, accessKeyId, secretAccessKey };
      const grants = scheme === 's3' ? { owner: '1234567890', stranger: idOf('stranger') } : {};
      return { server, ...grants, close };
    },
  };
}
