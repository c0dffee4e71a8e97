/** The built program and the configuration that people have: profiles, proxies, certificates, containers. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import type { Outcome } from './harness.ts';

const program = resolve('dist/ferry.mjs');
/** Only root may start a program as another user, who must be able to reach it. */
const canBeOthers = process.getuid?.() === 0 && mayEnter(dirname(program)) && mayEnter(process.execPath);

function mayEnter(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o005) === 0o005;
  return isOpen && (path === '/' || mayEnter(dirname(path)));
}

const secret = 'sesame-open-sesame';
const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: secret };

let twin: Twin;
/** Whatever does not go to the twin ends here, and nothing does. */
let elsewhere: Proxy;

beforeAll(async () => {
  twin = await startTwin({ ...keys, region: 'eu-west-1', buckets: [{ name: 'photos' }, { name: 'backup' }] });
  await twin.store.put('photos', 'a.txt', { body: 'a' });
  elsewhere = await startProxy(() => undefined);
});
afterAll(async () => {
  await twin.close();
  await elsewhere.close();
});
beforeEach(() => {
  twin.requests.reset();
  elsewhere.asked.length = 0;
});

/** Runs `ferry` in an empty home and folder, with nothing of this process's environment but the path. */
async function run(
  args: string[],
  { files = {}, env = {}, user }: RunOptions = {},
): Promise<Outcome & { home: string }> {
  const home = mkdtempSync(join(tmpdir(), 'ferry-home-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text);
  }
  const whole = {
    ...{ PATH: process.env['PATH'], HOME: home, HTTPS_PROXY: elsewhere.url, HTTP_PROXY: elsewhere.url },
    ...{ NO_PROXY: '127.0.0.1', AWS_EC2_METADATA_DISABLED: 'true' },
    ...env,
  };
  const child = spawn(process.execPath, [program, ...args], { env: whole, cwd: home, uid: user });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  expect(stdout + stderr).not.toContain(secret);
  return { code, stdout, stderr, home };
}

interface RunOptions {
  files?: Record<string, string>;
  env?: Record<string, string | undefined>;
  user?: number;
}

interface Proxy {
  url: string;
  /** What it was asked for: `CONNECT host:port` or `GET http://...`. */
  asked: string[];
  close(): Promise<void>;
}

/** A forward proxy as people run them; `portOf` is its name service, and knows hosts that this machine does not. */
async function startProxy(portOf: (host: string) => number | undefined): Promise<Proxy> {
  const asked: string[] = [];
  const server = createServer((incoming, answer) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const { hostname, pathname, search } = new URL(incoming.url ?? '');
    const port = portOf(hostname);
    if (port === undefined) return void answer.writeHead(403).end();
    const options = { host: '127.0.0.1', port, method: incoming.method, path: pathname + search };
    incoming.pipe(
      request({ ...options, headers: incoming.headers }, (reply) => {
        answer.writeHead(reply.statusCode ?? 500, reply.headers);
        reply.pipe(answer);
      }),
    );
  });
  server.on('connect', (incoming: IncomingMessage, socket) => {
    asked.push(`CONNECT ${incoming.url}`);
    const port = portOf(incoming.url?.split(':')[0] ?? '');
    if (port === undefined) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  return { ...(await listening(server)), asked };
}

async function listening(server: Server): Promise<{ url: string; port: number; close(): Promise<void> }> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((done) => (server.close(() => done()), server.closeAllConnections())),
  };
}

async function serve(listener: RequestListener): Promise<string> {
  const { url, close } = await listening(createServer(listener));
  onTestFinished(close);
  return url;
}

const keysOf = { aws: `aws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${secret}\n` };
const awsConfig = () => `[profile dev]
${keysOf.aws}region = eu-west-1
endpoint_url = ${twin.url}
[profile svc]
${keysOf.aws}region = eu-west-1
services = local
[services local]
s3 =
  endpoint_url = ${twin.url}
`;
const ossutilKeys = `accessKeyID=${keys.accessKeyId}\naccessKeySecret=${secret}\n`;

describe('a profile of ~/.aws/config', () => {
  it.each<[string, string[], Record<string, string>]>([
    ['that is named', ['--profile', 'dev'], {}],
    ['with a services section', ['--profile', 'svc'], {}],
    ['of the environment', [], { AWS_PROFILE: 'dev' }],
    [
      'that is named, with other keys in the environment',
      ['--profile', 'dev'],
      { AWS_ACCESS_KEY_ID: 'other', AWS_SECRET_ACCESS_KEY: 'other' },
    ],
  ])('%s brings keys, region and endpoint, and no request goes elsewhere', async (_what, args, env) => {
    const files = { '.aws/config': awsConfig() };
    const copied = await run(['cp', 's3://photos/a.txt', 's3://backup/b.txt', ...args], { files, env });
    expect(copied).toMatchObject({ code: 0, stderr: '' });
    expect(twin.requests.count({ operation: 'CopyObject' })).toBe(1);
    expect(elsewhere.asked).toEqual([]);
  });

  it('goes to AWS where configured endpoints are to be ignored', async () => {
    const files = { '.aws/config': awsConfig() };
    const env = { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' };
    const { code, stderr } = await run(['ls', 's3://photos/', '--profile', 'dev'], { files, env });
    expect(elsewhere.asked[0]).toBe('CONNECT photos.s3.eu-west-1.amazonaws.com:443');
    expect(stderr).toMatch(/the proxy does not connect to photos\.s3\.eu-west-1\.amazonaws\.com \(403\)/);
    expect(code).toBe(2);
    expect(twin.requests.all()).toEqual([]);
  });

  it('that is not there is an error with the names of those that are', async () => {
    const files = { '.aws/config': awsConfig(), '.ossutilconfig': `[default]\n${ossutilKeys}` };
    const aws = await run(['ls', 's3://photos/', '--profile', 'nope'], { files });
    expect(aws.code).toBe(2);
    expect(aws.stderr).toMatch(/profile 'nope': there is no such profile in .*; there are: dev, svc\./);
    const oss = await run(['ls', 'oss://photos/', '--profile', 'nope'], { files });
    expect(oss.stderr).toMatch(/there are: default\./);
    expect(elsewhere.asked).toEqual([]);
  });

  it('is kept with the job, so that resume in another shell uses its keys and no others', async () => {
    const files = { '.aws/config': awsConfig() };
    await twin.store.put('photos', 'big', { size: 12 * 1024 * 1024 });
    const first = await run(['cp', 's3://photos/big', 's3://backup/big', '--part-size', '5MiB', '--profile', 'dev'], {
      files,
      env: { FERRY_DIRECT_OTHER_BUCKET_MAX: '1MiB', FERRY_HOME: '.ferry' },
    });
    expect(first).toMatchObject({ code: 0 });
    const { default: Database } = await import('libsql');
    const database = new Database(join(first.home, '.ferry/state.db'));
    const rows = JSON.stringify(database.prepare('SELECT * FROM jobs').all());
    database.close();
    expect(rows).toContain('\\"profile\\":\\"dev\\"');
    expect(rows).not.toContain(secret);
  });

  it('with role_arn and source_profile assumes the role where the profile says', async () => {
    const asked: string[] = [];
    const sts = await serve((incoming, answer) => {
      let body = '';
      incoming.on('data', (text) => (body += String(text)));
      incoming.on('end', () => {
        asked.push(
          `${incoming.headers.authorization?.match(/Credential=([^/]*)/)?.[1]} ${new URLSearchParams(body).get('RoleArn')}`,
        );
        answer.end(assumed());
      });
    });
    const config = `[profile source]\naws_access_key_id = SOURCE\naws_secret_access_key = ${secret}
[profile role]\nrole_arn = arn:aws:iam::123456789012:role/copier\nsource_profile = source\nregion = eu-west-1
endpoint_url = ${twin.url}\nservices = local\n[services local]\nsts =\n  endpoint_url = ${sts}\n`;
    const { code, stderr } = await run(['ls', 's3://photos/', '--profile', 'role'], {
      files: { '.aws/config': config },
    });
    expect([code, asked, elsewhere.asked, stderr]).toEqual([
      0,
      ['SOURCE arn:aws:iam::123456789012:role/copier'],
      [],
      expect.any(String),
    ]);
  });

  it('of single sign-on uses the token that `aws sso login` left', async () => {
    const asked: string[] = [];
    const temporary = await startTwin({ ...keys, sessionToken: 'token', buckets: [{ name: 'photos' }] });
    onTestFinished(() => temporary.close());
    const portal = await serve((incoming, answer) => {
      asked.push(`${incoming.url} ${String(incoming.headers['x-amz-sso_bearer_token'])}`);
      const roleCredentials = { ...keys, sessionToken: 'token', expiration: Date.now() + 3_600_000 };
      answer.setHeader('content-type', 'application/json').end(JSON.stringify({ roleCredentials }));
    });
    const config = `[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = reader\nregion = eu-west-1
services = local\n[services local]\ns3 =\n  endpoint_url = ${temporary.url}
[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n`;
    const token = { accessToken: 'token-of-login', expiresAt: new Date(Date.now() + 3_600_000).toISOString() };
    const name = `.aws/sso/cache/${createHash('sha1').update('corp').digest('hex')}.json`;
    const { code, stderr } = await run(['ls', 's3://photos/', '--profile', 'sso'], {
      files: { '.aws/config': config, [name]: JSON.stringify(token) },
      env: { AWS_ENDPOINT_URL_SSO: portal },
    });
    expect([code, asked, stderr]).toEqual([
      0,
      [expect.stringMatching(/role_name=reader.* token-of-login/)],
      expect.any(String),
    ]);
    expect(elsewhere.asked).toEqual([]);
  });
});

function assumed(): string {
  const expires = new Date(Date.now() + 3_600_000).toISOString();
  return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>${keys.accessKeyId}</AccessKeyId><SecretAccessKey>${secret}</SecretAccessKey><SessionToken></SessionToken>
<Expiration>${expires}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
}

describe('the configuration of ossutil', () => {
  it.each([
    ['1', () => `[Credentials]\nlanguage=EN\nendpoint=${twin.url}\n${ossutilKeys}`, []],
    ['2', () => `[default]\n${ossutilKeys}region=cn-hangzhou\nendpoint=${twin.url}\n`, []],
    [
      '2 with a profile',
      () => `[profile far]\n${ossutilKeys}region=cn-hangzhou\nendpoint=${twin.url}\n`,
      ['--profile', 'far'],
    ],
  ])('of version %s is enough', async (_version, text, args) => {
    const region = text().includes('region') ? [] : ['--region', 'cn-hangzhou'];
    const options = { files: { '.ossutilconfig': text() } };
    const { code, stdout } = await run(['ls', 'oss://photos/', '-q', ...args, ...region], options);
    expect([code, stdout]).toEqual([0, expect.stringContaining('a.txt')]);
    expect(elsewhere.asked).toEqual([]);
  });
});

describe('proxies and certificates', () => {
  const env = { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: 'eu-west-1' };
  const to = (endpoint: string) => ({ ...env, AWS_ENDPOINT_URL: endpoint, FERRY_S3_ADDRESSING: 'path' });

  it('goes by HTTP_PROXY to a store that only the proxy knows, and not where NO_PROXY says so', async () => {
    const proxy = await startProxy((host) => (host === 'store.internal' ? twin.port : undefined));
    onTestFinished(proxy.close);
    const options = { env: { ...to('http://store.internal'), HTTP_PROXY: proxy.url } };
    const copied = await run(['cp', 's3://photos/a.txt', 's3://backup/p.txt'], options);
    expect(copied).toMatchObject({ code: 0, stderr: '' });
    expect(proxy.asked).toContainEqual(expect.stringMatching(/^PUT http:\/\/store\.internal\/backup\/p\.txt/));
    proxy.asked.length = 0;
    const direct = await run(['ls', 's3://photos/'], { env: { ...to(twin.url), HTTP_PROXY: proxy.url } });
    expect([direct.code, proxy.asked]).toEqual([0, []]);
    // Without its scheme, as many write it.
    const bare = { ...to('http://store.internal'), HTTP_PROXY: proxy.url.replace('http://', '') };
    const examined = await run(['doctor', 's3://photos/a.txt'], { env: bare });
    expect([examined.code, examined.stdout]).toEqual([0, expect.any(String)]);
  });

  it('goes by HTTPS_PROXY, trusts AWS_CA_BUNDLE, and names both variables when it trusts nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ferry-ca-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'ca.pem')];
    const subject = ['-subj', '/CN=store.internal', '-addext', 'subjectAltName=DNS:store.internal', '-days', '2'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject],
      {
        stdio: 'ignore',
      },
    );
    const tls = await listening(
      createTlsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (incoming, answer) => {
        const options = { host: '127.0.0.1', port: twin.port, method: incoming.method, path: incoming.url };
        incoming.pipe(
          request({ ...options, headers: incoming.headers }, (reply) => {
            answer.writeHead(reply.statusCode ?? 500, reply.headers);
            reply.pipe(answer);
          }),
        );
      }),
    );
    const proxy = await startProxy((host) => (host === 'store.internal' ? tls.port : undefined));
    onTestFinished(async () => void (await proxy.close(), await tls.close()));
    const inEnv = { ...to('https://store.internal'), HTTPS_PROXY: proxy.url };
    for (const variable of ['AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS']) {
      const listed = await run(['ls', 's3://photos/'], { env: { ...inEnv, [variable]: certificate } });
      expect([listed.code, listed.stderr], variable).toEqual([0, expect.any(String)]);
    }
    expect(proxy.asked).toContain('CONNECT store.internal:443');
    const untrusted = await run(['ls', 's3://photos/'], { env: inEnv });
    expect(untrusted.code).toBe(2);
    expect(untrusted.stderr).toMatch(
      /no trusted TLS connection to store\.internal .*AWS_CA_BUNDLE.*NODE_EXTRA_CA_CERTS/,
    );
  });
});

describe('two accounts', () => {
  it('a store of ferry.yaml names a role, whose keys are used, or a profile', async () => {
    const asked: string[] = [];
    const sts = await serve((incoming, answer) => {
      asked.push(String(incoming.headers.authorization?.match(/Credential=([^/]*)/)?.[1]));
      incoming.resume().on('end', () => answer.end(assumed()));
    });
    await twin.store.put('photos', 'in/r.txt', { body: 'r' });
    const config = `callers: [{ name: ops, keys: [env:FERRY_OPS_KEY] }]
stores:
  role: { scheme: s3, endpoint: "${twin.url}", region: eu-west-1, role: "arn:aws:iam::123456789012:role/copier" }
  dev: { scheme: s3, profile: dev }
rules:
  - { name: by-role, source: { bucket: photos, prefix: in/, store: role }, destination: { bucket: backup, key: 'role/{key}' } }
  - { name: by-profile, source: { bucket: photos, prefix: in/, store: dev }, destination: { bucket: backup, key: 'dev/{key}' } }
`;
    const files = { 'ferry.yaml': config, '.aws/config': awsConfig() };
    const env = {
      AWS_ACCESS_KEY_ID: 'SOURCE',
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_ENDPOINT_URL_STS: sts,
      // A variable of ours only because the file names it; the key ends as a mounted secret does.
      FERRY_OPS_KEY: 'ops-key-0123456789abcdef\n',
    };
    for (const rule of ['by-role', 'by-profile']) {
      const { code, stderr, stdout } = await run(['replicate', '--existing', rule, '--config', 'ferry.yaml'], {
        files,
        env,
      });
      expect([code, stderr, stdout], rule).toEqual([0, expect.any(String), expect.any(String)]);
    }
    expect(twin.store.keys('backup', 'role/')).toEqual(['role/in/r.txt']);
    expect(twin.store.keys('backup', 'dev/')).toEqual(['dev/in/r.txt']);
    expect([asked, elsewhere.asked]).toEqual([['SOURCE'], []]);
  });
});

describe('in a container', () => {
  const env = () => ({
    ...{
      AWS_ACCESS_KEY_ID: `${keys.accessKeyId}\n`,
      AWS_SECRET_ACCESS_KEY: `${secret}\r\n`,
      AWS_REGION: 'eu-west-1\n',
    },
    ...{ AWS_ENDPOINT_URL: `${twin.url}\n` },
    ...{
      OSS_ACCESS_KEY_ID: `${keys.accessKeyId}\n`,
      OSS_ACCESS_KEY_SECRET: `${secret}\n`,
      OSS_REGION: 'cn-hangzhou\n',
    },
    ...{ OSS_ENDPOINT: `${twin.url}\n` },
  });
  const readers = [
    ['ls', 's3://photos/'],
    ['ls', 'oss://photos/'],
    ['cp', 's3://photos/a.txt', 's3://backup/', '--dry-run'],
    ['mv', 'oss://photos/', 'oss://backup/new/', '--dry-run'],
    ['batch', 'run', 's3://photos/', 's3://backup/', '--dry-run'],
    ['meta', 's3://photos/a.txt'],
    ['cost'],
  ];

  it.each(['ls', 'cp', 'batch'])('%s reads without leaving a state folder behind', async (name) => {
    const args = readers.find(([command]) => command === name) ?? [];
    const { code, home, stderr } = await run(args, { env: env() });
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    expect(existsSync(join(home, '.ferry'))).toBe(false);
  });

  it.runIf(canBeOthers)(
    'what only reads works for a user without home, passwd entry and a folder to write to',
    async () => {
      // A user id that is in no passwd file, in a folder of another.
      const there = { ...env(), HOME: undefined, FERRY_HOME: '/proc/none' };
      for (const args of readers) {
        const { code, stderr } = await run(args, { env: there, user: 54_321 });
        expect([code, stderr], args.join(' ')).toEqual([0, expect.any(String)]);
      }
    },
  );

  it.runIf(canBeOthers)('doctor says that the state folder cannot be written, and goes on', async () => {
    const there = { ...env(), HOME: undefined };
    const { code, stdout } = await run(['doctor', 's3://photos/a.txt'], { env: there, user: 54_321 });
    expect(stdout).toMatch(/✗ state +State file .* cannot be opened for writing/);
    for (const good of ['credentials', 'endpoint', 'list', 'read']) expect(stdout).toMatch(new RegExp(`✓ s3 ${good}`));
    expect(code).toBe(1);
  });

  it('says which variable holds what cannot be, before any request', async () => {
    const broken = { ...env(), AWS_SECRET_ACCESS_KEY: `${secret}\nmore` };
    const { code, stderr } = await run(['ls', 's3://photos/'], { env: broken });
    expect([code, stderr]).toEqual([2, expect.stringContaining('AWS_SECRET_ACCESS_KEY')]);
    expect([twin.requests.all(), elsewhere.asked]).toEqual([[], []]);
  });

  it.runIf(canBeOthers)('names a file of the vendor that is there and cannot be read', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'ferry-config-')), 'config');
    onTestFinished(() => rmSync(dirname(path), { recursive: true }));
    writeFileSync(path, awsConfig());
    chmodSync(dirname(path), 0o755);
    chmodSync(path, 0o600);
    const options = { env: { HOME: undefined, AWS_CONFIG_FILE: path, AWS_PROFILE: 'dev' }, user: 54_321 };
    const { code, stderr } = await run(['ls', 's3://photos/'], options);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${path} cannot be read (EACCES)`)]);
  });
});
