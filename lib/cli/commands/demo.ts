import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { RequestInfo } from '../../store/open.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit, Interrupted, UsageError } from '../process/exit.ts';
import type { Io } from '../process/io.ts';
import { copyObject } from '../run/object.ts';
import { withSession, type Session } from '../run/session.ts';
import { formatBytes, formatDuration, plural, printable } from '../text/format.ts';
import { factLines } from '../text/labelled-values.ts';
import { paintFor } from '../text/paint.ts';
import { demoPace, demoSteps, hashFile, hashObject } from './demo-steps.ts';

/** Larger files are kept on disk by the demo's store. Bytes. */
const inMemoryMax = 512 * 1024 * 1024;

export const defineDemo: DefineCommand = (program, context) => {
  program
    .command('demo')
    .description('Copies a real file by parts, renames it and changes its metadata on a store that runs only for this.')
    .argument('[file]', 'file to use (default: the running node binary)')
    .action(async (file: string | undefined) => {
      context.code = await demo(context.io, file ?? process.execPath);
    });
};

async function demo(io: Io, file: string): Promise<number> {
  const size = await sizeOf(file);
  const { startTwin } = await import('../../twin/start.ts');
  const folder = await mkdtemp(join(tmpdir(), 'ferry-demo-'));
  const twin = await startTwin({
    buckets: [{ name: 'photos' }, { name: 'photos-backup' }],
    ...(size > inMemoryMax && { data: join(folder, 'twin') }),
    faults: [{ match: { operation: 'UploadPartCopy' }, effect: { kind: 'latency', ms: demoPace.partLatencyMs } }],
  });
  const count = new Counter();
  // Nothing of this machine's configuration: the demo must not touch a real store.
  const env = {
    ...terminalOf(io.env),
    HOME: folder,
    OSS_ENDPOINT: twin.url,
    OSS_REGION: 'cn-hangzhou',
    OSS_ACCESS_KEY_ID: twin.accessKeyId,
    OSS_ACCESS_KEY_SECRET: twin.secretAccessKey,
  };
  try {
    return await withSession(
      { ...io, env },
      { state: join(folder, 'state') },
      (session) => show(session, file, size, count),
      {
        onRequest: (info) => count.add(info),
      },
    );
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    throw new Interrupted('the demo was interrupted; nothing is left behind.');
  } finally {
    await twin.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `cannot read ${file} (${error.code ?? error.message}): name a file, or none to use the node binary.`,
    );
  });
  if (!found.isFile()) throw new UsageError(`${file} is not a file.`);
  return found.size;
}

function terminalOf(env: Io['env']): Io['env'] {
  const { TERM, NO_COLOR } = env;
  return { TERM, NO_COLOR };
}

async function show(session: Session, file: string, size: number, count: Counter): Promise<number> {
  const { io } = session;
  const paint = paintFor(io.stdout, io.env);
  const name = basename(file);
  const client = session.client('oss');
  const say = (text: string) => io.stdout.write(`${paint('dim', text)}\n`);

  say(`putting ${printable(file)} (${formatBytes(size)}) into oss://photos of a local twin of OSS`);
  const before = await hashFile(file);
  await client.putObject({ bucket: 'photos', key: name }, { open: () => createReadStream(file), size });
  count.take();

  say('copying, renaming and re-tagging it inside the store');
  const { steps, key } = demoSteps(session.address('oss'), name, size);
  const startedAt = performance.now();
  const requests: [string, string][] = [];
  let through = 0;
  for (const { title, request } of steps) {
    const code = await copyObject(session, request);
    if (code !== exit.done) return code;
    const { text, dataBytes } = count.take();
    requests.push([title, text]);
    through += dataBytes;
  }
  const seconds = (performance.now() - startedAt) / 1000;

  say('reading it back');
  const head = await client.head({ bucket: 'photos-backup', key });
  const after = await hashObject(client, 'photos-backup', key);
  const changed = head.userMetadata['album'] === 'demo' && head.content.contentType === 'application/x-demo';
  const equal = before === after;
  const mark = (good: boolean) => (good ? paint('green', '✓') : paint('red', '✗'));
  const facts: [string, string][] = [
    ...requests,
    [
      'time',
      `${formatDuration(seconds)} (the twin waits ${demoPace.partLatencyMs} ms per part, for you to see the bar)`,
    ],
    ['through here', `${formatBytes(through)} of object data: the store copied it inside itself`],
    ['sha-256 put', before],
    ['sha-256 read', `${after} ${mark(equal)} ${equal ? 'equal' : 'DIFFERENT'}`],
    ['metadata', `${head.content.contentType ?? '-'}, album=${head.userMetadata['album'] ?? '-'} ${mark(changed)}`],
  ];
  io.stdout.write('\n');
  for (const line of factLines(facts, io.stdout, paint)) io.stdout.write(`${line}\n`);
  return equal && changed ? exit.done : exit.failed;
}

/** Counts what went over the wire. */
class Counter {
  #calls: Record<string, number> = {};
  /** Bytes of objects, as opposed to documents about them. */
  #dataBytes = 0;

  add({ operation, bytesIn, bytesOut }: RequestInfo): void {
    this.#calls[operation] = (this.#calls[operation] ?? 0) + 1;
    if (operation === 'GetObject') this.#dataBytes += bytesIn;
    if (operation === 'PutObject' || operation === 'UploadPart') this.#dataBytes += bytesOut;
  }

  /** What came in since the last call of this. */
  take(): { text: string; dataBytes: number } {
    const entries = Object.entries(this.#calls).sort(([, a], [, b]) => b - a);
    const total = entries.reduce((sum, [, calls]) => sum + calls, 0);
    const taken = {
      text: `${plural(total, 'request')}: ${entries.map(([operation, calls]) => `${calls} ${operation}`).join(', ')}`,
      dataBytes: this.#dataBytes,
    };
    this.#calls = {};
    this.#dataBytes = 0;
    return taken;
  }
}
