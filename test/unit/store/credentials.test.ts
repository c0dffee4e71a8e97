import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { GiveUp, RetryLater } from '../../../lib/copy/model/errors.ts';
import type { Credentials } from '../../../lib/store/sign/credentials.ts';
import { cached, credentialsFor, parseOssutil } from '../../../lib/store/sign/credentials.ts';
import { failure } from './harness.ts';

async function home(config?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ferry-home-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  if (config !== undefined) await writeFile(join(folder, '.ossutilconfig'), config);
  return folder;
}

const ossutil = `[Credentials]
language=EN
; a comment
endpoint=oss-cn-hangzhou.aliyuncs.com
accessKeyID = AK
accessKeySecret=se=cret#1
stsToken=tok
[Default]
accessKeyID=other
`;

describe('where people keep them', () => {
  it('S3: the environment, without loading an SDK', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_SESSION_TOKEN: 'c' };
    expect(await credentialsFor('s3', { env, home: '/none' })()).toEqual({
      accessKeyId: 'a',
      secretAccessKey: 'b',
      sessionToken: 'c',
    });
  });

  it('S3: a named profile goes before keys in the environment, by the AWS chain', async () => {
    const folder = await home();
    await writeFile(join(folder, 'credentials'), '[work]\naws_access_key_id = p\naws_secret_access_key = q\n');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
    vi.stubEnv('AWS_PROFILE', 'work');
    onTestFinished(() => void vi.unstubAllEnvs());
    const env = { AWS_PROFILE: 'work', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
    expect(await credentialsFor('s3', { env, home: folder })()).toEqual({ accessKeyId: 'p', secretAccessKey: 'q' });
  });

  it('OSS: else the chain of Alibaba Cloud', async () => {
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_ID', 'x');
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'y');
    vi.stubEnv('ALIBABA_CLOUD_SECURITY_TOKEN', 'z');
    onTestFinished(() => void vi.unstubAllEnvs());
    const found = await credentialsFor('oss', { env: {}, home: await home() })();
    expect(found).toMatchObject({ accessKeyId: 'x', secretAccessKey: 'y', sessionToken: 'z' });
  });

  it('OSS: the environment before the file', async () => {
    const env = { OSS_ACCESS_KEY_ID: 'a', OSS_ACCESS_KEY_SECRET: 'b' };
    expect(await credentialsFor('oss', { env, home: await home(ossutil) })()).toEqual({
      accessKeyId: 'a',
      secretAccessKey: 'b',
    });
    const token = { ...env, OSS_SESSION_TOKEN: 't' };
    expect(await credentialsFor('oss', { env: token, home: '/none' })()).toMatchObject({ sessionToken: 't' });
  });

  it('OSS: the file of ossutil', async () => {
    const place = { env: { OSS_ACCESS_KEY_ID: 'only half' }, home: await home(ossutil) };
    expect(await credentialsFor('oss', place)()).toEqual({
      accessKeyId: 'AK',
      secretAccessKey: 'se=cret#1',
      sessionToken: 'tok',
    });
  });

  it.each([
    '',
    '[Credentials]\n',
    '[Default]\naccessKeyID=a\naccessKeySecret=b',
    'accessKeyID=a\naccessKeySecret=b',
    '\u0000',
  ])('a file without a key pair: %j', (text) => {
    expect(parseOssutil(text)).toBeUndefined();
  });

  it('Windows line ends and capitals', () => {
    expect(parseOssutil('[CREDENTIALS]\r\nAccessKeyId = a \r\naccesskeysecret= b\r\n')).toEqual({
      accessKeyId: 'a',
      secretAccessKey: 'b',
    });
  });
});

describe('the cache', () => {
  const bench = (lives: (number | undefined)[], now = { time: 0 }) => {
    const looks: (boolean | undefined)[] = [];
    const provider = cached(
      (options) => {
        looks.push(options?.refresh);
        const expiresAt = lives[looks.length - 1];
        const found: Credentials = { accessKeyId: `k${looks.length}`, secretAccessKey: 's' };
        return Promise.resolve(expiresAt === undefined ? found : { ...found, expiresAt });
      },
      () => now.time,
    );
    return { provider, looks, now };
  };

  it('looks once, however many ask at once', async () => {
    const { provider, looks } = bench([undefined]);
    const all = await Promise.all([provider(), provider(), provider()]);
    expect(new Set(all).size).toBe(1);
    await provider();
    expect(looks).toHaveLength(1);
  });

  it('looks again five minutes before they expire', async () => {
    const { provider, looks, now } = bench([1_000_000, 2_000_000]);
    await provider();
    now.time = 699_999;
    await provider();
    expect(looks).toHaveLength(1);
    now.time = 700_001;
    expect((await provider()).accessKeyId).toBe('k2');
  });

  it('looks again when told that they were refused', async () => {
    const { provider, looks } = bench([undefined, undefined]);
    await provider();
    expect((await provider({ refresh: true })).accessKeyId).toBe('k2');
    expect((await provider()).accessKeyId).toBe('k2');
    expect(looks).toEqual([false, true]);
  });

  it('keeps the old ones while they last, when the provider is down', async () => {
    const now = { time: 0 };
    let up = true;
    const provider = cached(
      () =>
        up
          ? Promise.resolve({ accessKeyId: 'k', secretAccessKey: 's', expiresAt: 1_000_000 })
          : Promise.reject(new Error('down')),
      () => now.time,
    );
    await provider();
    up = false;
    now.time = 900_000;
    expect((await provider()).accessKeyId).toBe('k');
    now.time = 1_000_001;
    expect(await failure(provider())).toBeInstanceOf(GiveUp);
    up = true;
    expect((await provider()).accessKeyId).toBe('k');
  });

  it('tells a missing key pair from a provider that is away', async () => {
    const failing = (error: Error) => failure(cached(() => Promise.reject(error))());
    expect(await failing(new Error('nothing found'))).toMatchObject({
      code: 'InvalidCredentials',
      message: expect.stringContaining('nothing found'),
    });
    expect(await failing(Object.assign(new Error('x'), { code: 'ETIMEDOUT' }))).toBeInstanceOf(RetryLater);
  });
});
