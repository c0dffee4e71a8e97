import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { GiveUp, RetryLater } from '../../../lib/copy/model/errors.ts';
import type { Credentials } from '../../../lib/store/sign/credentials.ts';
import { cached, credentialsFor } from '../../../lib/store/sign/credentials.ts';
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
    expect(await credentialsFor('s3', { env: { ...env, HOME: '/none' } })()).toEqual({
      accessKeyId: 'a',
      secretAccessKey: 'b',
      sessionToken: 'c',
    });
  });

  it('S3: a named profile goes before keys in the environment, by the AWS chain', async () => {
    const folder = await home();
    await writeFile(join(folder, 'credentials'), '[work]\naws_access_key_id = p\naws_secret_access_key = q\n');
    const env = {
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
      AWS_CONFIG_FILE: join(folder, 'config'),
      AWS_PROFILE: 'work',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    };
    expect(await credentialsFor('s3', { env })()).toEqual({ accessKeyId: 'p', secretAccessKey: 'q' });
  });

  it('OSS: else the chain of Alibaba Cloud', async () => {
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_ID', 'x');
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'y');
    vi.stubEnv('ALIBABA_CLOUD_SECURITY_TOKEN', 'z');
    onTestFinished(() => void vi.unstubAllEnvs());
    const found = await credentialsFor('oss', { env: { HOME: await home() } })();
    expect(found).toMatchObject({ accessKeyId: 'x', secretAccessKey: 'y', sessionToken: 'z' });
  });

  it('OSS: the environment before the file', async () => {
    const env = { OSS_ACCESS_KEY_ID: 'a', OSS_ACCESS_KEY_SECRET: 'b' };
    expect(await credentialsFor('oss', { env: { ...env, HOME: await home(ossutil) } })()).toEqual({
      accessKeyId: 'a',
      secretAccessKey: 'b',
    });
    const token = { ...env, OSS_SESSION_TOKEN: 't' };
    expect(await credentialsFor('oss', { env: { ...token, HOME: '/none' } })()).toMatchObject({ sessionToken: 't' });
  });

  it('OSS: the file of ossutil', async () => {
    expect(await credentialsFor('oss', { env: { HOME: await home(ossutil) } })()).toEqual({
      accessKeyId: 'AK',
      secretAccessKey: 'se=cret#1',
      sessionToken: 'tok',
    });
  });

  it.each([
    ['s3', { AWS_ACCESS_KEY_ID: 'a' }, /AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not/],
    ['oss', { OSS_ACCESS_KEY_SECRET: 'sesame' }, /OSS_ACCESS_KEY_SECRET is set and OSS_ACCESS_KEY_ID is not/],
  ] as const)(
    '%s: half a pair in the environment is refused, for other keys would be used in silence',
    async (scheme, env, words) => {
      const refusal = await failure(credentialsFor(scheme, { env: { ...env, HOME: await home(ossutil) } })());
      expect(refusal).toMatchObject({ code: 'InvalidCredentials', message: expect.stringMatching(words) });
      expect(String(refusal)).not.toContain('sesame');
    },
  );

  it('OSS: half a pair in the file of ossutil is refused by the name of the profile', async () => {
    const HOME = await home('[default]\naccessKeySecret=sesame\n');
    const refusal = await failure(credentialsFor('oss', { env: { HOME } })());
    expect(refusal).toMatchObject({ message: expect.stringMatching(/profile 'default' .*without accessKeyID/) });
    expect(String(refusal)).not.toContain('sesame');
  });

  it.each([
    ['Windows line ends and capitals', '[CREDENTIALS]\r\nAccessKeyId = a \r\naccesskeysecret= b\r\n'],
    ['ossutil 2 with dashes', '[default]\naccess-key-id=a\naccess_key_secret=b\nregion=cn-hangzhou\n'],
    ['a byte order mark', '\uFEFF[default]\naccessKeyID=a\naccessKeySecret=b\n'],
    [
      'a default of ossutil 2 without keys beside the keys of ossutil 1',
      '[default]\nregion=x\n[Credentials]\naccessKeyID=a\naccessKeySecret=b',
    ],
    ['an empty token before other settings', '[default]\nstsToken=\n  accessKeyID=a\n  accessKeySecret=b\n'],
    ['a source profile', '[default]\nsource_profile=base\n[profile base]\naccessKeyID=a\naccessKeySecret=b\n'],
  ])('OSS: reads %s', async (_what, text) => {
    expect(await credentialsFor('oss', { env: { HOME: await home(text) } })()).toEqual({
      accessKeyId: 'a',
      secretAccessKey: 'b',
    });
  });

  it('OSS: a named profile goes before keys in the environment', async () => {
    const HOME = await home(
      '[default]\naccessKeyID=d\naccessKeySecret=d\n[profile Work]\naccessKeyID=a\naccessKeySecret=b\n',
    );
    const env = { OSS_ACCESS_KEY_ID: 'x', OSS_ACCESS_KEY_SECRET: 'y', HOME };
    expect(await credentialsFor('oss', { env, profile: 'work' })()).toEqual({ accessKeyId: 'a', secretAccessKey: 'b' });
  });

  it('OSS: a mode that is not known here is refused, and not taken for a key pair', async () => {
    const HOME = await home('[default]\nmode=OAuth\naccessKeyID=a\naccessKeySecret=b\n');
    expect(await failure(credentialsFor('oss', { env: { HOME } })())).toMatchObject({
      code: 'InvalidCredentials',
      message: expect.stringMatching(/profile 'default' in .* has the mode OAuth/),
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
