import { Option, type Command } from 'commander';
import { visibleJson } from '../../copy/model/visible-json.ts';
import type { ListedObject, ListedVersion, StoreClient } from '../../store/calls/client.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { wholeNumber } from '../input/parse.ts';
import { schemesInUse } from '../input/schemes-in-use.ts';
import { addSelectionOptions, selectionText, type SelectionFlags } from '../input/selection.ts';
import { parseUrl, type StoreUrl } from '../input/urls.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit, UsageError } from '../process/exit.ts';
import { printLine, type Io } from '../process/io.ts';
import { chosenObjects, isSearch, nothingFound, pagesOf } from '../find/chosen.ts';
import { meantBy, type Meant } from '../find/pattern.ts';
import { withSession, type Session } from '../run/session.ts';
import { formatBytes, formatTime, plural, printable } from '../text/format.ts';

interface LsFlags extends StoreFlags, OutputFlags, SelectionFlags {
  recursive?: boolean;
  long?: boolean;
  bytes?: boolean;
  summarize?: boolean;
  versions?: boolean;
  maxItems?: number;
}

export const defineLs: DefineCommand = (program, context) => {
  const command: Command = program
    .command('ls')
    .description(
      'Lists the objects whose keys start with the given one, folder by folder; without a URL, the buckets. With wildcards or any option that chooses, all objects that match, at any depth.',
    )
    .argument('[url]', 'oss://bucket/prefix, s3://bucket/2024/*.jpg, oss:// or s3://; default: the buckets')
    .option('-r, --recursive', 'all objects, not folder by folder')
    .option('-l, --long', 'ETag and type as well, and sizes to the byte')
    .option('--bytes', 'sizes to the byte')
    // What aws-cli has to be asked for is the rule here.
    .addOption(new Option('--human-readable', 'sizes in KiB, MiB, GiB (the default)').conflicts('bytes'))
    .option('--summarize', 'how many and how large at the end of the output; else on stderr')
    .option('--versions', 'old versions and delete markers as well')
    .option('--max-items <n>', 'stop after so many', wholeNumber(1, Number.MAX_SAFE_INTEGER));
  addSelectionOptions(command);
  addStoreOptions(addOutputOptions(command, 'one JSON document per line')).action(
    async (url: string | undefined, flags: LsFlags) => {
      context.code = await list(context.io, url, flags);
    },
  );
};

async function list(io: Io, text: string | undefined, flags: LsFlags): Promise<number> {
  const service = /^(oss|s3):\/\/$/i.exec(text ?? '')?.[1]?.toLowerCase() as 'oss' | 's3' | undefined;
  const url = text === undefined || service ? undefined : parseUrl(text);
  if (!url && selectionText(flags) !== '')
    throw new UsageError('buckets are not chosen: name one, such as oss://photos/.');
  const work = async (session: Session): Promise<number> => {
    if (url) return await listObjects(io, session.client(url.scheme), url, flags);
    const schemes = service ? [service] : schemesInUse(io.env, session.config, flags.profile);
    for (const scheme of schemes) await listBuckets(io, session.client(scheme), flags);
    return exit.done;
  };
  return await withSession(io, flags, work, { looks: 'stores' });
}

async function listBuckets(io: Io, client: StoreClient, flags: LsFlags): Promise<void> {
  const { scheme } = client.address;
  for (const { name, region, created } of await client.listBuckets()) {
    const time = created === undefined ? '' : formatTime(created);
    const line = flags.json
      ? visibleJson({ bucket: name, url: `${scheme}://${name}`, region, created: isoTime(created) })
      : [time.padEnd(19), (region ?? '').padEnd(14), `${scheme}://${name}`].join('  ');
    await printLine(io.stdout, line);
  }
}

interface Seen {
  folders: number;
  objects: number;
  bytes: number;
  /** Stopped by `--max-items` before the end. */
  more: boolean;
}

async function listObjects(io: Io, client: StoreClient, asked: StoreUrl, flags: LsFlags): Promise<number> {
  const meant = await meantBy(client, asked, 'prefix');
  const isFlat = flags.recursive || flags.versions || meant.pattern !== undefined || selectionText(flags) !== '';
  const seen: Seen = { folders: 0, objects: 0, bytes: 0, more: false };
  for await (const found of isFlat ? chosenObjects(client, meant, flags) : folderByFolder(client, meant)) {
    if (seen.folders + seen.objects === flags.maxItems) {
      seen.more = true;
      break;
    }
    if (typeof found === 'string') seen.folders += 1;
    else {
      seen.objects += 1;
      seen.bytes += found.size;
    }
    await printLine(io.stdout, flags.json ? visibleJson(documentOf(found)) : lineOf(found, flags));
  }
  if (seen.folders + seen.objects === 0 && isSearch(meant, flags) && !flags.allowEmpty)
    throw nothingFound(asked, flags);
  await sumUp(io, seen, flags);
  return exit.done;
}

async function* folderByFolder(client: StoreClient, { url }: Meant): AsyncGenerator<string | ListedObject> {
  for await (const page of pagesOf(client, url.bucket, { prefix: url.key, delimiter: '/' })) {
    yield* page.commonPrefixes;
    yield* page.contents;
  }
}

async function sumUp(io: Io, { folders, objects, bytes, more }: Seen, flags: LsFlags): Promise<void> {
  if (flags.json && flags.summarize) return await printLine(io.stdout, visibleJson({ folders, objects, bytes, more }));
  if (flags.json || (flags.quiet && !flags.summarize)) return;
  const size = flags.bytes || flags.long ? plural(bytes, 'byte') : formatBytes(bytes);
  const text = `${folders > 0 ? `${plural(folders, 'folder')}, ` : ''}${plural(objects, flags.versions ? 'version' : 'object')}, ${size}`;
  const out = flags.summarize ? io.stdout : io.stderr;
  await printLine(out, more ? `${text}; there is more behind --max-items ${flags.maxItems ?? ''}` : text);
}

function lineOf(found: string | ListedObject | ListedVersion, { long, bytes }: LsFlags): string {
  const exact = long || bytes;
  if (typeof found === 'string') {
    const blank = [' '.repeat(19), '-'.padStart(exact ? 14 : 9), ' '.repeat(12)];
    return [...blank, ...(long ? [' '.repeat(35), ' '.repeat(10)] : []), printable(found)].join('  ');
  }
  const { key, size, lastModified, storageClass = '', etag, type = '' } = found;
  const isMarker = 'deleteMarker' in found && found.deleteMarker;
  const sizeText = isMarker ? 'deleted' : exact ? String(size) : formatBytes(size);
  return [
    formatTime(lastModified),
    sizeText.padStart(exact ? 14 : 9),
    storageClass.padEnd(12),
    ...(long ? [etag.padEnd(35), type.padEnd(10)] : []),
    ...('versionId' in found ? [`${found.latest ? '*' : ' '} ${printable(found.versionId).padEnd(32)}`] : []),
    printable(key),
  ].join('  ');
}

function documentOf(found: string | ListedObject | ListedVersion): Record<string, unknown> {
  if (typeof found === 'string') return { prefix: found };
  const { key, size, etag, lastModified, storageClass, type } = found;
  const version =
    'versionId' in found ? { versionId: found.versionId, latest: found.latest, deleteMarker: found.deleteMarker } : {};
  return { key, size, etag, lastModified: isoTime(lastModified), storageClass, type, ...version };
}

function isoTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
