import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { objectCreatedHandler } from '../../../functions/object-created.ts';
import { workHandler } from '../../../functions/work.ts';
import { openAlibaba } from '../../../lib/runtime/alibaba/open.ts';
import { RoleKeys } from '../../../lib/runtime/alibaba/role-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferry-alibaba-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const env = {
  FC_FUNCTION_NAME: 'ferry-work',
  FC_REGION: 'cn-hangzhou',
  FERRY_TABLESTORE_INSTANCE: 'ferry-dev',
  FERRY_TABLE: 'jobs',
  FERRY_PARTS_FUNCTION: 'ferry-parts',
  FERRY_WORK_FUNCTION: 'ferry-work',
};

async function rig(text?: string, more: Record<string, string> = {}) {
  const opened: unknown[] = [];
  const lines: string[] = [];
  const named = join(folder, 'ferry.yaml');
  if (text !== undefined) writeFileSync(named, text);
  const { runtime, keepCredentials } = await openAlibaba({
    env: { ...env, HOME: folder, ...(text !== undefined && { FERRY_CONFIG: named }), ...more },
    openState: (place) => (opened.push(place), Promise.reject(new Error('no table here'))),
    write: (line) => void lines.push(line),
  });
  return { runtime, keepCredentials, opened, lines };
}

const keysOf = (n: number) => ({ accessKeyId: `id${n}`, accessKeySecret: `secret${n}`, securityToken: `token${n}` });

describe('openAlibaba', () => {
  it('has no API and no rules without a file, and opens no table', async () => {
    const { runtime, opened } = await rig();
    expect(runtime.api).toBeUndefined();
    expect(runtime.rules.routes).toEqual([]);
    expect(opened).toEqual([]);
  });

  it('reads callers and rules from the file, and stores at the own region', async () => {
    const { runtime } = await rig(
      `callers: [{ name: media, keys: [env:MEDIA_KEY], read: ['oss://photos'], write: ['oss://photos'] }]
defaultStore: oss
rules: [{ name: backup, source: { bucket: photos }, destination: { bucket: backup } }]`,
      { MEDIA_KEY: 'media-key-0123456789abcdef' },
    );
    expect(runtime.api?.stores['oss']).toEqual({ scheme: 'oss', region: 'cn-hangzhou' });
    expect(runtime.rules.routes.map(({ id }) => id)).toEqual(['backup']);
  });

  it('opens the table of the stack, at the region’s endpoint unless the stack says another', async () => {
    const { runtime, opened, keepCredentials } = await rig();
    keepCredentials({ credentials: keysOf(1) });
    await expect(runtime.world.state.get('j')).rejects.toThrow('no table here');
    expect(opened).toMatchObject([
      { endpoint: 'https://ferry-dev.cn-hangzhou.ots.aliyuncs.com', instance: 'ferry-dev', table: 'jobs' },
    ]);
    const { credentials } = opened[0] as { credentials: () => Promise<unknown> };
    expect(await credentials()).toEqual(keysOf(1));
    const other = await rig(undefined, { FERRY_TABLESTORE_ENDPOINT: 'http://127.0.0.1:1' });
    await expect(other.runtime.world.shared.get('j')).rejects.toThrow('no table here');
    expect(other.opened).toMatchObject([{ endpoint: 'http://127.0.0.1:1' }]);
  });

  it('says which variable is missing', async () => {
    for (const name of Object.keys(env)) {
      const expected = name === 'FC_REGION' ? /OSS_REGION/ : new RegExp(name);
      await expect(rig(undefined, { [name]: '' }), name).rejects.toThrow(expected);
    }
    await expect(rig(undefined, { FERRY_CONCURENCY: '3' })).rejects.toThrow(/FERRY_CONCURENCY/);
  });

  it('refuses an OSS store with a role of its own', async () => {
    const { runtime } = await rig();
    const address = { scheme: 'oss' as const, region: 'cn-hangzhou', role: 'acs:ram::1:role/other' };
    expect(() => runtime.world.store(address)).toThrow(/cannot be used on Function Compute/);
  });

  it('logs lines of JSON that name the function', async () => {
    const { runtime, lines } = await rig();
    runtime.world.log.info('hello');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: 'hello', function: 'ferry-work' });
  });
});

describe('keys of the role', () => {
  const ofEnv = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'e', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 's' };

  it('are those of the newest invocation, before those of the environment', () => {
    const keys = new RoleKeys({ ...ofEnv, ALIBABA_CLOUD_SECURITY_TOKEN: 't' });
    expect(keys.get()).toEqual({ accessKeyId: 'e', accessKeySecret: 's', securityToken: 't' });
    keys.keep({ credentials: keysOf(1) });
    keys.keep({ credentials: keysOf(2) });
    expect(keys.get()).toEqual(keysOf(2));
  });

  it('are not the empty texts of a function without a role', () => {
    const empty = { accessKeyId: '', accessKeySecret: '', securityToken: '' };
    const keys = new RoleKeys(ofEnv);
    keys.keep({ credentials: empty });
    keys.keep({});
    expect(keys.get()).toEqual({ accessKeyId: 'e', accessKeySecret: 's' });
    const none = new RoleKeys({});
    none.keep({ credentials: empty });
    expect(() => none.get()).toThrow(/has no role/);
  });
});

describe('functions', () => {
  const context = { requestId: 'r', function: { timeout: 60 } };

  it('need neither table nor queue for an event that no rule is for', async () => {
    const { runtime, opened } = await rig();
    const oss = { bucket: { name: 'photos' }, object: { key: 'a', size: 1 } };
    const record = { eventSource: 'acs:oss', eventName: 'ObjectCreated:PutObject', region: 'cn-hangzhou', oss };
    const event = Buffer.from(JSON.stringify({ events: [record] }));
    expect(await objectCreatedHandler(async () => runtime)(event, context)).toEqual({ events: 1 });
    expect(opened).toEqual([]);
  });

  it('fail for a message that is no task, so that the platform keeps it', async () => {
    const { runtime } = await rig();
    await expect(workHandler(async () => runtime)(Buffer.from('nonsense'), context)).rejects.toThrow(
      /not an object-ferry/,
    );
  });
});
