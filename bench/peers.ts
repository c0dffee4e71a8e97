/**
 * A batch of small objects on Ceph RGW, beside rclone and aws-cli (Debian's packages) on the same server in the same run: each
 * copies one prefix into a prefix of its own, server-side. First with the defaults of each tool, then with 32 objects in flight
 * each. Prints seconds, CPU seconds of the client, and the ratio to ferry. Needs what `npm run test:real` needs.
 *
 *   npm run bench -- peers [OBJECTS]        default 20,000
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../lib/store/open.ts';
import { startServer } from '../test/real/servers/index.ts';
import { isSkipped, type ServerInfo } from '../test/real/servers/server.ts';

const objects = Number(process.argv[2] ?? 20_000);
const scripts = 'test/real/servers';
const work = mkdtempSync(join(tmpdir(), 'ferry-bench-'));
const inFlight = 32;

interface Tool {
  name: string;
  /** Command for a destination prefix; `limited` asks for `inFlight` objects at once. */
  command(prefix: string, limited: boolean): string[];
  env: Record<string, string>;
}

interface Figures {
  seconds: number;
  cpuSeconds: number;
}

function peersRoot(): string {
  const { status, stdout, stderr } = spawnSync('bash', [`${scripts}/roots.sh`, 'peers'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`rclone and aws-cli cannot run here: ${stderr.trim()}`);
  return stdout.trim();
}

function toolsFor(server: ServerInfo, root: string): Tool[] {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const aws = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
  };
  const state = join(work, 'peers');
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, 'aws-limited'), `[default]\ns3 =\n  max_concurrent_requests = ${inFlight}\n`);
  writeFileSync(join(state, 'aws-default'), '[default]\n');
  const inside = (command: string[]): string[] => [
    'bash',
    '-c',
    `. ${scripts}/common.sh; enter "$@"`,
    `${process.cwd()}/${scripts}/peers`,
    root,
    state,
    ...command,
  ];
  return [
    {
      name: 'ferry',
      env: { ...aws, AWS_ENDPOINT_URL_S3: endpoint },
      command: (prefix, limited) => [
        ...['node', 'dist/ferry.mjs', 'batch', 'run', 's3://photos/in/', `s3://backup/${prefix}`, '--quiet'],
        ...['--state', join(work, prefix), ...(limited ? ['--objects', String(inFlight / 4)] : [])],
      ],
    },
    {
      name: 'rclone',
      env: {
        ...aws,
        RCLONE_CONFIG_R_TYPE: 's3',
        RCLONE_CONFIG_R_PROVIDER: 'Ceph',
        RCLONE_CONFIG_R_ENV_AUTH: 'true',
        RCLONE_CONFIG_R_ENDPOINT: endpoint,
      },
      command: (prefix, limited) =>
        inside([
          ...[
            'rclone',
            'copy',
            'r:photos/in',
            `r:backup/${prefix}`,
            '--s3-no-check-bucket',
            '--config',
            '/state/rclone',
          ],
          ...(limited ? ['--transfers', String(inFlight), '--checkers', String(inFlight)] : []),
        ]),
    },
    {
      name: 'aws-cli',
      env: aws,
      command: (prefix, limited) =>
        inside([
          ...['env', `AWS_CONFIG_FILE=/state/aws-${limited ? 'limited' : 'default'}`, 'aws', 's3', 'cp', '--recursive'],
          ...['--only-show-errors', '--endpoint-url', endpoint, 's3://photos/in/', `s3://backup/${prefix}`],
        ]),
    },
  ];
}

/** The shell measures, for it counts the CPU of a whole tree of processes. */
async function measure(tool: Tool, prefix: string, limited: boolean): Promise<Figures> {
  const script = 'TIMEFORMAT="TIMES %R %U %S"; time "$@"';
  const child = spawn('bash', ['-c', script, 'bench', ...tool.command(prefix, limited)], {
    env: { PATH: process.env.PATH, HOME: work, ...tool.env },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const times = /TIMES ([\d.]+) ([\d.]+) ([\d.]+)/.exec(errors);
  if (code !== 0 || !times) throw new Error(`${tool.name} ended with ${code}: ${errors.slice(-2000)}`);
  return { seconds: Number(times[1]), cpuSeconds: Number(times[2]) + Number(times[3]) };
}

async function atOnce(count: number, width: number, step: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await step(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

const server = await startServer('rgw20');
if (isSkipped(server)) throw new Error(`Ceph cannot run here: ${server.why}`);
try {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const store = openStore({
    address: { scheme: 's3', endpoint, region },
    credentials: () => Promise.resolve({ accessKeyId, secretAccessKey }),
  });
  for (const bucket of ['photos', 'backup']) await store.createBucket(bucket);
  await atOnce(objects, 32, (n) =>
    store.putObject(
      { bucket: 'photos', key: `in/${String(n % 100).padStart(2, '0')}/object-${n}` },
      Buffer.from(`object ${n} `.repeat(50)),
    ),
  );
  console.log(`${server.version}: ${objects} objects of about 0.6 KB`);
  const tools = toolsFor(server, peersRoot());
  for (const limited of [false, true]) {
    console.log(limited ? `\n${inFlight} objects in flight` : '\neach with its own defaults');
    let ours: Figures | undefined;
    for (const tool of tools) {
      const prefix = `${tool.name}-${limited ? 'limited' : 'default'}/`;
      const figures = await measure(tool, prefix, limited);
      ours ??= figures;
      const copied = await countBelow(prefix);
      if (copied !== objects) throw new Error(`${tool.name} copied ${copied} of ${objects} objects`);
      const ratio = (value: number, base: number): string => `${(value / base).toFixed(2)} x ferry`;
      console.log(
        `${tool.name.padEnd(8)} ${figures.seconds.toFixed(1)} s (${ratio(figures.seconds, ours.seconds)}), ` +
          `${(objects / figures.seconds).toFixed(0)} objects/s, ${figures.cpuSeconds.toFixed(1)} s of CPU (${ratio(figures.cpuSeconds, ours.cpuSeconds)})`,
      );
    }
  }
  await store.close();

  async function countBelow(prefix: string): Promise<number> {
    let [count, startAfter] = [0, undefined as string | undefined];
    for (;;) {
      const page = await store.listObjects('backup', { prefix, startAfter, limit: 1_000 });
      count += page.contents.length;
      startAfter = page.contents.at(-1)?.key;
      if (page.next === undefined) return count;
    }
  }
} finally {
  await server.down();
  rmSync(work, { recursive: true, force: true });
}
