import { Option } from 'commander';
import { collect, wholeNumber } from '../input/parse.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit, UsageError } from '../process/exit.ts';
import type { Io } from '../process/io.ts';
import { catchSignals } from '../process/signals.ts';
import { shellQuote } from '../text/format.ts';
import { paintFor } from '../text/paint.ts';

interface TwinFlags {
  port: number;
  host: string;
  data?: string;
  bucket?: string[];
  region: string;
  checkRegions?: boolean;
  accessKey: string;
  secret: string;
  user?: string[];
  webhook?: string[];
}

export const defineTwin: DefineCommand = (program, context) => {
  program
    .command('twin')
    .description('Runs a store on this machine that speaks both the OSS and the S3 protocol, for tests and trials.')
    .addOption(new Option('--port <port>', 'port; 0 takes a free one').default(9470).argParser(wholeNumber(0, 65_535)))
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--data <dir>', 'keep everything in this folder (default: in memory)')
    .option('--bucket <name[:region]>', 'create this bucket (repeatable)', collect)
    .option('--region <name>', 'region of buckets that name none', 'cn-hangzhou')
    .option('--check-regions', "refuse requests that are signed for another region than the bucket's, as the stores do")
    .option('--access-key <id>', 'access key id', 'twin')
    .option('--secret <secret>', 'access key secret', 'twin-secret')
    .option('--user <name:key:secret>', 'another user with keys of its own (repeatable)', collect)
    .option(
      '--webhook <name=url>',
      'where notifications of S3 buckets go whose ARN ends in this name, e.g. ferry=http://127.0.0.1:8470/events/TOKEN (repeatable)',
      collect,
    )
    .action(async (flags: TwinFlags) => {
      context.code = await serveTwin(context.io, flags);
    });
};

async function serveTwin(io: Io, flags: TwinFlags): Promise<number> {
  const { startTwin } = await import('../../twin/start.ts');
  const twin = await startTwin({
    port: flags.port,
    host: flags.host,
    data: flags.data,
    buckets: flags.bucket?.map(parseBucket),
    region: flags.region,
    quirks: { checkRegion: flags.checkRegions },
    accessKeyId: flags.accessKey,
    secretAccessKey: flags.secret,
    users: flags.user?.map(parseUser),
    webhooks: Object.fromEntries(flags.webhook?.map(parseWebhook) ?? []),
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') {
      throw new UsageError(`port ${flags.port} is in use: choose another with --port, or 0 for any free one.`);
    }
    throw new UsageError(`the twin cannot start: ${error.message}`);
  });
  const stop = catchSignals();
  try {
    const paint = paintFor(io.stdout, io.env);
    for (const line of [
      `${paint('green', '✓')} twin of OSS and S3 at ${paint('bold', twin.url)} ${paint('dim', `(${flags.data ? `data in ${flags.data}` : 'in memory'}; Ctrl-C ends it)`)}`,
      '',
      ...exportsFor(twin.url, flags).map((line) => `  ${line}`),
    ]) {
      io.stdout.write(`${line}\n`);
    }
    await new Promise<void>((resolve) => {
      if (stop.signal.aborted) resolve();
      else stop.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return exit.done;
  } finally {
    stop.release();
    await twin.close();
  }
}

/** Lines to paste into a shell, after which `ferry` and both vendors' tools talk to the twin. */
export function exportsFor(url: string, flags: Pick<TwinFlags, 'region' | 'accessKey' | 'secret'>): string[] {
  const { region, accessKey, secret } = flags;
  return [
    `export OSS_ENDPOINT=${url} OSS_REGION=${region}`,
    `export OSS_ACCESS_KEY_ID=${shellQuote(accessKey)} OSS_ACCESS_KEY_SECRET=${shellQuote(secret)}`,
    `export AWS_ENDPOINT_URL=${url} AWS_REGION=${region}`,
    `export AWS_ACCESS_KEY_ID=${shellQuote(accessKey)} AWS_SECRET_ACCESS_KEY=${shellQuote(secret)}`,
  ];
}

export function parseBucket(text: string): { name: string; region?: string } {
  const [name = '', region, ...rest] = text.split(':');
  if (name === '' || region === '' || rest.length > 0)
    throw new UsageError(`--bucket ${text}: write NAME or NAME:REGION.`);
  return region === undefined ? { name } : { name, region };
}

/** The secret may have colons. */
export function parseUser(text: string): { name: string; accessKeyId: string; secretAccessKey: string } {
  const [name = '', accessKeyId = '', ...rest] = text.split(':');
  const secretAccessKey = rest.join(':');
  if (name === '' || accessKeyId === '' || secretAccessKey === '') {
    throw new UsageError(`--user ${name}: write NAME:ACCESS-KEY:SECRET.`);
  }
  return { name, accessKeyId, secretAccessKey };
}

export function parseWebhook(text: string): [name: string, url: string] {
  const at = text.indexOf('=');
  const [name, url] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || !/^[A-Za-z0-9_-]+$/.test(name) || !/^https?:/.test(url) || !URL.canParse(url))
    throw new UsageError(`--webhook ${name}: write NAME=URL, with an http:// or https:// URL.`);
  return [name, url];
}
