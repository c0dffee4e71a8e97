import type { Command } from 'commander';
import type { ListedObject, StoreClient } from '../../store/calls/client.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { parseUrl, type StoreUrl } from '../input/urls.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { printLine, type Io } from '../process/io.ts';
import { pagesOf } from '../run/listing.ts';
import { withSession } from '../run/session.ts';
import { formatBytes, formatTime, plural, printable } from '../text/format.ts';

interface LsFlags extends StoreFlags, OutputFlags {
  recursive?: boolean;
}

export const defineLs: DefineCommand = (program, context) => {
  const command: Command = program
    .command('ls')
    .summary('list objects, or buckets')
    .description(
      'Lists the objects whose keys start with the given one, folder by folder; without a bucket, the buckets.',
    )
    .argument('<url>', 'oss://bucket/prefix, s3://bucket/prefix, oss:// or s3://')
    .option('-r, --recursive', 'all objects, not folder by folder');
  addStoreOptions(addOutputOptions(command)).action(async (url: string, flags: LsFlags) => {
    context.code = await list(context.io, url, flags);
  });
};

async function list(io: Io, text: string, flags: LsFlags): Promise<number> {
  const service = /^(oss|s3):\/\/$/i.exec(text)?.[1]?.toLowerCase() as 'oss' | 's3' | undefined;
  const url = service ? undefined : parseUrl(text);
  return withSession(
    io,
    flags,
    async (session) => {
      const client = session.client(url?.scheme ?? service ?? 'oss');
      return url ? listObjects(io, client, url, flags) : listBuckets(io, client, flags);
    },
    { looks: 'stores' },
  );
}

async function listBuckets(io: Io, client: StoreClient, flags: LsFlags): Promise<number> {
  for (const { name, region, created } of await client.listBuckets()) {
    const time = created === undefined ? '' : formatTime(created);
    const line = flags.json
      ? JSON.stringify({ bucket: name, region, created: isoTime(created) })
      : [time.padEnd(19), (region ?? '').padEnd(14), name].join('  ');
    await printLine(io.stdout, line);
  }
  return exit.done;
}

async function listObjects(io: Io, client: StoreClient, url: StoreUrl, flags: LsFlags): Promise<number> {
  let objects = 0;
  let folders = 0;
  let bytes = 0;
  const query = { prefix: url.key, ...(flags.recursive ? {} : { delimiter: '/' }) };
  for await (const page of pagesOf(client, url.bucket, query)) {
    for (const prefix of page.commonPrefixes) {
      folders++;
      await printLine(io.stdout, flags.json ? JSON.stringify({ prefix }) : folderLine(prefix));
    }
    for (const object of page.contents) {
      objects++;
      bytes += object.size;
      await printLine(io.stdout, flags.json ? JSON.stringify(objectDocument(object)) : objectLine(object));
    }
  }
  if (!flags.json && !flags.quiet)
    io.stderr.write(
      `${folders > 0 ? `${plural(folders, 'folder')}, ` : ''}${plural(objects, 'object')}, ${formatBytes(bytes)}\n`,
    );
  return exit.done;
}

function objectLine({ key, size, lastModified, storageClass = '' }: ListedObject): string {
  return `${formatTime(lastModified)}  ${formatBytes(size).padStart(9)}  ${storageClass.padEnd(12)}  ${printable(key)}`;
}

function folderLine(prefix: string): string {
  return `${' '.repeat(19)}  ${'-'.padStart(9)}  ${' '.repeat(12)}  ${printable(prefix)}`;
}

function objectDocument({ key, size, etag, lastModified, storageClass, type }: ListedObject): Record<string, unknown> {
  return { key, size, etag, lastModified: isoTime(lastModified), storageClass, type };
}

function isoTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
