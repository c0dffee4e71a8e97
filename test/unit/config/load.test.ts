import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Env } from '../../../lib/config/env.ts';
import { addressOf } from '../../../lib/config/env.ts';
import { loadConfig, loadServeConfig } from '../../../lib/config/load.ts';

interface Files {
  config?: string;
  credentials?: string;
  ossutil?: string;
}

/** A home folder as the tools of the vendors fill it. */
async function homeWith({ config, credentials, ossutil }: Files): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'ferry-home-'));
  onTestFinished(() => rm(home, { recursive: true }));
  await mkdir(join(home, '.aws'));
  if (config !== undefined) await writeFile(join(home, '.aws/config'), config);
  if (credentials !== undefined) await writeFile(join(home, '.aws/credentials'), credentials);
  if (ossutil !== undefined) await writeFile(join(home, '.ossutilconfig'), ossutil);
  return home;
}

const config = `
[default]
region = eu-south-1
[profile dev]
region = eu-west-1
endpoint_url = http://dev.example:9000/base
[profile svc]
region = eu-west-2
services = local
endpoint_url = http://general.example
[services local]
s3 =
  endpoint_url = http://s3.example:9000
  addressing_style = path
dynamodb =
  endpoint_url = http://dynamodb.example
[profile lost]
services = nowhere
[profile ignoring]
endpoint_url = http://dev.example:9000
ignore_configured_endpoint_urls = true
[profile fips]
region = us-gov-west-1
use_fips_endpoint = true
use_dualstack_endpoint = true
[profile six]
region = cn-north-1
use_dualstack_endpoint = true
[profile odd]
use_fips_endpoint = perhaps
[profile wrong]
endpoint_url = http://user:sesame@host
[sso-session corp]
sso_region = us-east-1
`;
const credentials = '[only-keys]\naws_access_key_id = a\naws_secret_access_key = sesame\n';

const ossutil = `[default]
accessKeyID=twin
accessKeySecret=sesame
region=cn-hangzhou
endpoint=oss-cn-hangzhou-internal.aliyuncs.com
[profile far]
accessKeyID=twin
accessKeySecret=sesame
region=cn-shanghai
addressing-style=cname
endpoint=http://files.example.com
`;

async function s3At(env: Env, profile?: string) {
  const HOME = await homeWith({ config, credentials });
  return addressOf(await loadConfig({ HOME, ...env }, { profile }), 's3');
}

async function refusalOf(run: Promise<unknown>): Promise<string> {
  return await run.then(
    () => expect.fail('it was accepted'),
    (error: Error) => error.message,
  );
}

describe('the AWS configuration', () => {
  it.each([
    ['the default profile', undefined, { region: 'eu-south-1' }],
    [
      'region and endpoint of a profile',
      'dev',
      { region: 'eu-west-1', endpoint: 'http://dev.example:9000/base', profile: 'dev' },
    ],
    [
      'the services section before the endpoint of the profile',
      'svc',
      { region: 'eu-west-2', endpoint: 'http://s3.example:9000', profile: 'svc' },
    ],
    ['no endpoint where the profile ignores those that are configured', 'ignoring', { profile: 'ignoring' }],
    [
      'the FIPS endpoint',
      'fips',
      { region: 'us-gov-west-1', endpoint: 'https://s3-fips.dualstack.us-gov-west-1.amazonaws.com', profile: 'fips' },
    ],
    [
      'the dual-stack endpoint in China',
      'six',
      { region: 'cn-north-1', endpoint: 'https://s3.dualstack.cn-north-1.amazonaws.com.cn', profile: 'six' },
    ],
    ['a profile that has keys only', 'only-keys', { profile: 'only-keys' }],
  ])('gives %s', async (_what, profile, address) => {
    expect(await s3At({}, profile)).toStrictEqual({ scheme: 's3', ...address });
  });

  it('lets the environment go before the profile that it names, and the options before both', async () => {
    const env = { AWS_PROFILE: 'dev', AWS_ENDPOINT_URL: 'http://env.example', AWS_REGION: 'us-west-2' };
    expect(await s3At(env)).toStrictEqual({
      scheme: 's3',
      endpoint: 'http://env.example',
      region: 'us-west-2',
      profile: 'dev',
    });
    expect(await s3At({ AWS_PROFILE: 'dev', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' })).not.toHaveProperty(
      'endpoint',
    );
  });

  it('takes a profile of the command line whole, so that its keys go to its own endpoint', async () => {
    const env = { AWS_ENDPOINT_URL: 'http://env.example', AWS_REGION: 'us-west-2' };
    expect(await s3At(env, 'dev')).toMatchObject({ endpoint: 'http://dev.example:9000/base', region: 'eu-west-1' });
  });

  it('does not sign for the region of the environment where the host of the endpoint names another', async () => {
    const HOME = await homeWith({});
    const options = { stores: { s3: { endpoint: 'https://s3.eu-west-1.amazonaws.com' } } };
    const loaded = await loadConfig({ HOME, AWS_REGION: 'us-east-1' }, options);
    expect(addressOf(loaded, 's3')).not.toHaveProperty('region');
    const own = { stores: { s3: { endpoint: 'http://minio.example' } } };
    expect(addressOf(await loadConfig({ HOME, AWS_REGION: 'us-east-1' }, own), 's3')).toHaveProperty(
      'region',
      'us-east-1',
    );
  });

  it('reads files that end lines as Windows does and begin with a byte order mark', async () => {
    const HOME = await homeWith({ config: `\uFEFF${config.trimStart().replaceAll('\n', '\r\n')}` });
    expect(addressOf(await loadConfig({ HOME }), 's3')).toStrictEqual({ scheme: 's3', region: 'eu-south-1' });
  });

  it('has a style of addressing per profile', async () => {
    const HOME = await homeWith({ config: '[default]\ns3 =\n  addressing_style = path\n' });
    expect((await loadConfig({ HOME })).stores.s3.addressing).toBe('path');
  });

  it.each([
    [
      'nowhere',
      {},
      /profile 'nowhere': there is no such profile in .*\.aws\/config and .*; there are: default, dev, fips, .*only-keys/,
    ],
    [undefined, { AWS_PROFILE: 'gone' }, /AWS_PROFILE 'gone': there is no such profile/],
    ['lost', {}, /profile 'lost' names \[services nowhere\], which is not in/],
    ['odd', {}, /use_fips_endpoint of profile 'odd' must be true or false/],
    ['wrong', {}, /endpoint of profile 'wrong' is no endpoint/],
    ['fips', { AWS_ENDPOINT_URL: 'http://env.example' }, /FIPS endpoint of Amazon, and another endpoint is set/],
  ])('refuses what cannot be: %s %j', async (profile, env, words) => {
    const refusal = await refusalOf(s3At(env, profile));
    expect(refusal).toMatch(words);
    expect(refusal).not.toMatch(/sesame|sso-session|services\./);
  });

  it('leaves the other store as it is', async () => {
    const HOME = await homeWith({ config, ossutil });
    const loaded = await loadConfig({ HOME, AWS_PROFILE: 'gone' });
    expect(addressOf(loaded, 'oss')).toHaveProperty('region', 'cn-hangzhou');
    expect(() => addressOf(loaded, 's3')).toThrow('no such profile');
  });
});

describe('the configuration of ossutil', () => {
  const at = async (env: Env, profile?: string, text = ossutil) =>
    addressOf(await loadConfig({ HOME: await homeWith({ ossutil: text }), ...env }, { profile }), 'oss');

  it('gives endpoint and region of both versions', async () => {
    const endpoint = 'https://oss-cn-hangzhou-internal.aliyuncs.com';
    expect(await at({})).toStrictEqual({ scheme: 'oss', endpoint, region: 'cn-hangzhou' });
    const first =
      '[Credentials]\nlanguage=EN\nendpoint=oss-cn-beijing.aliyuncs.com\naccessKeyID=a\naccessKeySecret=b\n';
    expect(await at({}, undefined, first)).toStrictEqual({
      scheme: 'oss',
      endpoint: 'https://oss-cn-beijing.aliyuncs.com',
    });
  });

  it('gives a profile that is named, with its custom domain', async () => {
    expect(await at({}, 'far')).toStrictEqual({
      ...{ scheme: 'oss', endpoint: 'http://files.example.com', region: 'cn-shanghai', profile: 'far' },
    });
    const HOME = await homeWith({ ossutil });
    expect((await loadConfig({ HOME, OSSUTIL_PROFILE: 'far' })).stores.oss).toMatchObject({
      cname: true,
      profile: 'far',
    });
  });

  it('lets the environment go before the file, as ossutil does', async () => {
    const keys = { OSS_ACCESS_KEY_ID: 'x', OSS_ACCESS_KEY_SECRET: 'y' };
    const env = { ...keys, OSSUTIL_PROFILE: 'far', OSS_REGION: 'cn-beijing', OSS_ENDPOINT: 'http://env.example' };
    expect(await at(env)).toStrictEqual({ scheme: 'oss', endpoint: 'http://env.example', region: 'cn-beijing' });
  });

  it('names the profiles that there are', async () => {
    expect(await refusalOf(at({}, 'gone'))).toMatch(
      /profile 'gone': there is no such profile in .*; there are: default, far\./,
    );
    expect(await refusalOf(at({}, 'gone', ''))).toMatch(/there is none/);
  });
});

describe('the environment of a container', () => {
  it('takes values that end in a line break, as secrets mounted from files do', async () => {
    const env = {
      HOME: '/none',
      AWS_REGION: 'eu-west-1\n',
      OSS_ENDPOINT: 'http://oss.example\r\n',
      FERRY_CONCURRENCY: '7\n',
    };
    const loaded = await loadConfig(env);
    expect(loaded.stores).toMatchObject({ s3: { region: 'eu-west-1' }, oss: { endpoint: 'http://oss.example' } });
    expect(loaded.settings.concurrency).toBe(7);
  });

  it.each([
    ['AWS_SECRET_ACCESS_KEY', 'open\nsesame'],
    ['OSS_ACCESS_KEY_ID', ' sesame'],
    ['AWS_SESSION_TOKEN', 'sésame'],
    ['HTTPS_PROXY', 'ftp://me:sesame@proxy'],
    ['AWS_CA_BUNDLE', '/none/ca.pem'],
    ['NODE_EXTRA_CA_CERTS', '/none/ca.pem'],
    ['AWS_REGION', 'eu west sesame'],
    ['AWS_USE_FIPS_ENDPOINT', 'si'],
  ])('names %s when its value cannot be, without repeating it', async (name, value) => {
    const words = await refusalOf(loadConfig({ HOME: '/none', [name]: value }));
    expect(words).toContain(name);
    expect(words).not.toMatch(/sesame|sésame/);
  });

  it('does not mind what Kubernetes sets for a service that is named ferry', async () => {
    const env = { FERRY_SERVICE_HOST: '10.0.0.1', FERRY_PORT: 'tcp://10.0.0.1:80', FERRY_PORT_80_TCP_ADDR: '10.0.0.1' };
    expect((await loadConfig({ HOME: '/none', ...env })).home).toBe('.ferry');
  });
});

describe('a file of ferry serve', () => {
  const load = async (text: string, env: Env = {}, profile?: string) => {
    const HOME = await homeWith({ config, credentials, ossutil });
    return await loadServeConfig({ HOME, ...env }, text, { profile });
  };

  it('completes its stores as the command line completes its own', async () => {
    const text = `
stores:
  plain: { scheme: s3 }
  dev: { scheme: s3, profile: dev }
  near: { scheme: s3, endpoint: minio.example/base, profile: dev }
  far: { scheme: oss, profile: far }
  role: { scheme: s3, role: 'arn:aws:iam::123456789012:role/copier' }
`;
    const { file, config: loaded } = await load(text, { AWS_ENDPOINT_URL: 'http://env.example/path' });
    expect(file.stores).toStrictEqual({
      plain: { scheme: 's3', endpoint: 'http://env.example/path', region: 'eu-south-1' },
      dev: { scheme: 's3', endpoint: 'http://dev.example:9000/base', region: 'eu-west-1', profile: 'dev' },
      near: { scheme: 's3', endpoint: 'https://minio.example/base', region: 'eu-west-1', profile: 'dev' },
      far: { scheme: 'oss', endpoint: 'http://files.example.com', region: 'cn-shanghai', profile: 'far' },
      role: {
        scheme: 's3',
        endpoint: 'http://env.example/path',
        region: 'eu-south-1',
        role: 'arn:aws:iam::123456789012:role/copier',
      },
    });
    expect(loaded.named).toMatchObject([{ profile: 'dev' }, { profile: 'dev' }, { profile: 'far', cname: true }]);
  });

  it('completes a store that a rule describes', async () => {
    const rule =
      'rules: [{ name: r, source: { bucket: a, store: { scheme: s3, profile: dev } }, destination: { bucket: b } }]';
    const { file } = await load(rule);
    expect(file.rules.routes[0]?.store).toMatchObject({ endpoint: 'http://dev.example:9000/base', profile: 'dev' });
  });

  it('names the store whose profile is not there', async () => {
    const words = await refusalOf(
      load('stores: { a: { scheme: s3, profile: gone }, b: { scheme: oss, profile: gone } }'),
    );
    expect(words).toMatch(/stores\.a: profile 'gone': .*there are: default, dev/);
    expect(words).toMatch(/stores\.b: profile 'gone': .*there are: default, far/);
  });

  it('has the one store of a profile that only one vendor knows', async () => {
    expect(Object.keys((await load('', {}, 'far')).file.stores)).toEqual(['oss']);
    expect(await refusalOf(load('', {}, 'gone'))).toMatch(/stores\.oss: .*\n.*stores\.s3: /);
  });

  it('is written as people write YAML: anchors, merge keys, notes of their own, Windows line ends, a byte order mark', async () => {
    const text = `\uFEFFx-base: &base
  filters: { suffix: [.jpg] }
  deletes: verified
defaultStore: s3
rules:
  - <<: *base
    name: one
    source: { bucket: a }
    destination: { bucket: b }
`.replaceAll('\n', '\r\n');
    expect((await load(text)).file.rules.routes).toMatchObject([{ id: 'one', deletes: 'verified' }]);
  });

  it('takes a secret that ends in a line break', async () => {
    const key = 'media-key-0123456789abcdef';
    const { file } = await load('callers: [{ name: a, keys: [env:KEY] }]', { KEY: `${key}\n` });
    expect(file.callers).toMatchObject([{ keys: [key] }]);
  });
});
