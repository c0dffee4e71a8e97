import { describe, expect, it } from 'vitest';
import type { ConfigOptions, Env } from '../../../lib/config/env.ts';
import { addressOf, parseSize, readConfig } from '../../../lib/config/env.ts';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import { defaultSettings } from '../../../lib/copy/model/settings.ts';

const refusal = (env: Env, options?: ConfigOptions): GiveUp => {
  try {
    readConfig(env, options);
  } catch (error) {
    expect(error).toBeInstanceOf(GiveUp);
    expect((error as GiveUp).code).toBe('BadRequest');
    return error as GiveUp;
  }
  throw new Error('the configuration was accepted');
};

describe('configuration', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toEqual({
      home: '.ferry',
      logLevel: 'info',
      stores: {
        oss: { addressing: 'auto', cname: false, internal: false },
        s3: { addressing: 'auto', cname: false, internal: false },
      },
      settings: defaultSettings,
    });
  });

  it('reads the variables that people already have', () => {
    const { stores } = readConfig({
      OSS_ENDPOINT: 'https://oss-cn-hangzhou.aliyuncs.com',
      OSS_REGION: 'cn-hangzhou',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9000',
      AWS_REGION: 'eu-central-1',
    });
    expect(stores.oss).toMatchObject({ endpoint: 'https://oss-cn-hangzhou.aliyuncs.com', region: 'cn-hangzhou' });
    expect(stores.s3).toMatchObject({ endpoint: 'http://127.0.0.1:9000', region: 'eu-central-1' });
  });

  it('prefers the more special variable, and an option to both', () => {
    const env = {
      AWS_ENDPOINT_URL: 'http://general',
      AWS_ENDPOINT_URL_S3: 'http://special',
      AWS_DEFAULT_REGION: 'us-west-1',
      AWS_REGION: 'us-east-2',
      FERRY_HOME: '/from/env',
    };
    expect(readConfig(env).stores.s3).toMatchObject({ endpoint: 'http://special', region: 'us-east-2' });
    const options = { home: '/from/option', stores: { s3: { endpoint: 'http://option', region: undefined } } };
    const config = readConfig(env, options);
    expect(config.home).toBe('/from/option');
    expect(config.stores.s3).toMatchObject({ endpoint: 'http://option', region: 'us-east-2' });
  });

  it('takes empty variables for absent ones', () => {
    expect(
      readConfig({ FERRY_HOME: '', AWS_REGION: '', FERRY_CONCURRENCY: '', AWS_DEFAULT_REGION: 'x-1' }),
    ).toMatchObject({
      home: '.ferry',
      stores: { s3: { region: 'x-1' } },
      settings: { concurrency: defaultSettings.concurrency },
    });
  });

  it('takes an endpoint without its protocol as https', () => {
    expect(readConfig({ OSS_ENDPOINT: 'oss-cn-beijing.aliyuncs.com' }).stores.oss.endpoint).toBe(
      'https://oss-cn-beijing.aliyuncs.com',
    );
  });

  it('maps every setting to its variable', () => {
    const env = {
      FERRY_CONCURRENCY: '64',
      FERRY_PART_SIZE_MIN: '8MiB',
      FERRY_PART_SIZE_MAX: '1GB',
      FERRY_DIRECT_OTHER_BUCKET_MAX: '5000000000',
      FERRY_STALE_MS: '5000',
      FERRY_S3_ADDRESSING: 'path',
      FERRY_OSS_CNAME: 'true',
      FERRY_OSS_INTERNAL: '0',
      FERRY_LOG_LEVEL: 'debug',
    };
    const config = readConfig(env);
    expect(config.settings).toEqual({
      ...defaultSettings,
      concurrency: 64,
      partSizeMin: 8 * 1024 * 1024,
      partSizeMax: 1e9,
      directOtherBucketMax: 5e9,
      staleMs: 5_000,
    });
    expect(config.stores.s3.addressing).toBe('path');
    expect(config.stores.oss).toMatchObject({ cname: true, internal: false });
    expect(config.logLevel).toBe('debug');
  });

  it('gives the address that job rows carry, without fields that are not there', () => {
    const config = readConfig({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1', OSS_REGION: 'cn-hangzhou' });
    expect(addressOf(config, 's3')).toStrictEqual({ scheme: 's3', endpoint: 'http://127.0.0.1:1' });
    expect(addressOf(config, 'oss')).toStrictEqual({ scheme: 'oss', region: 'cn-hangzhou' });
  });

  it('knows the variables of other parts when told', () => {
    expect(refusal({ FERRY_TABLE: 't' }).message).toContain('FERRY_TABLE');
    expect(() => readConfig({ FERRY_TABLE: 't' }, { alsoKnown: ['FERRY_TABLE'] })).not.toThrow();
  });

  it.each<[string, Env]>([
    ['FERRY_CONCURENCY', { FERRY_CONCURENCY: '4' }],
    ['FERRY_CONCURRENCY', { FERRY_CONCURRENCY: 'four' }],
    ['FERRY_CONCURRENCY', { FERRY_CONCURRENCY: '0' }],
    ['FERRY_CONCURRENCY', { FERRY_CONCURRENCY: '-1' }],
    ['FERRY_CONCURRENCY', { FERRY_CONCURRENCY: '1.5' }],
    ['FERRY_CONCURRENCY', { FERRY_CONCURRENCY: '0x10' }],
    ['FERRY_CONCURRENCY', { FERRY_CONCURRENCY: '1000000' }],
    ['FERRY_MAX_ATTEMPTS', { FERRY_MAX_ATTEMPTS: '1e999' }],
    ['FERRY_PART_SIZE_MIN', { FERRY_PART_SIZE_MIN: '16 apples' }],
    ['FERRY_PART_SIZE_MAX', { FERRY_PART_SIZE_MAX: '6GiB' }],
    ['FERRY_PART_SIZE_MIN', { FERRY_PART_SIZE_MIN: '1KiB' }],
    ['FERRY_PART_SIZE_MIN', { FERRY_PART_SIZE_MIN: '1GiB' }],
    ['FERRY_PART_SIZE_MAX', { FERRY_PART_SIZE_MAX: '10MiB' }],
    ['FERRY_DIRECT_OTHER_BUCKET_MAX', { FERRY_DIRECT_OTHER_BUCKET_MAX: '6GiB' }],
    ['FERRY_LOG_LEVEL', { FERRY_LOG_LEVEL: 'loud' }],
    ['FERRY_S3_ADDRESSING', { FERRY_S3_ADDRESSING: 'sideways' }],
    ['FERRY_OSS_CNAME', { FERRY_OSS_CNAME: 'maybe' }],
    ['AWS_REGION', { AWS_REGION: 'eu central' }],
    ['OSS_ENDPOINT', { OSS_ENDPOINT: 'ftp://oss' }],
    ['AWS_ENDPOINT_URL_S3', { AWS_ENDPOINT_URL_S3: 'http://' }],
    ['AWS_ENDPOINT_URL', { AWS_ENDPOINT_URL: 'http://user:hunter2@host' }],
  ])('refuses and names %s in %j', (name, env) => {
    const { message } = refusal(env);
    expect(message).toContain(name);
    expect(message).not.toContain('hunter2');
  });

  it('names the setting when an option is wrong', () => {
    expect(refusal({}, { settings: { concurrency: 0 } }).message).toContain('concurrency');
    expect(refusal({}, { settings: { speed: 1 } as never }).message).toContain('speed');
    expect(refusal({}, { stores: { s3: { addressing: 'x' as never } } }).message).toContain('s3 addressing');
    expect(refusal({ FERRY_PART_SIZE_MIN: '64MiB' }, { settings: { partSizeMax: 32 * 1024 * 1024 } }).message).toMatch(
      /FERRY_PART_SIZE_MIN .* larger than partSizeMax/,
    );
  });
});

describe('parseSize', () => {
  it.each([
    ['0', 0],
    ['1048576', 1_048_576],
    ['64MiB', 67_108_864],
    ['64 mib', 67_108_864],
    ['64MB', 64_000_000],
    ['5GiB', 5_368_709_120],
    ['1.5GiB', 1_610_612_736],
    ['2K', 2_000],
    ['3Ki', 3_072],
    ['10B', 10],
    ['48.8TB', 48_800_000_000_000],
  ])('%s is %i', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', ' ', 'MiB', '-1', '1e3', '0x10', '1.5', '10 MiB x', '1..5MB', '9999999999TB', 'Infinity'])(
    '%j is none',
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );
});
