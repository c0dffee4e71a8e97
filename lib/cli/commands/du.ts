import { visibleJson } from '../../copy/model/visible-json.ts';
import type { StoreClient } from '../../store/calls/client.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { addSelectionOptions, type SelectionFlags } from '../input/selection.ts';
import { formatUrl, parseUrl, type StoreUrl } from '../input/urls.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { printLine, type Io } from '../process/io.ts';
import { chosenObjects, isSearch, nothingFound } from '../find/chosen.ts';
import { meantBy } from '../find/pattern.ts';
import { withSession } from '../run/session.ts';
import { formatBytes, formatCount, printable } from '../text/format.ts';
import { formatTable } from '../text/table.ts';

interface DuFlags extends StoreFlags, OutputFlags, SelectionFlags {
  group?: boolean;
  versions?: boolean;
  bytes?: boolean;
}

export const defineDu: DefineCommand = (program, context) => {
  const command = program
    .command('du')
    .description(
      'Counts and adds up the objects whose keys start with the given one, or that match its wildcards, at any depth.',
    )
    .argument('<urls...>', 'oss://bucket/prefix or s3://bucket/2024/*.jpg')
    .option('-g, --group', 'by storage class')
    .option('--versions', 'old versions as well')
    .option('--bytes', 'sizes to the byte');
  addSelectionOptions(command);
  addStoreOptions(addOutputOptions(command, 'one JSON document per URL')).action(
    async (urls: string[], flags: DuFlags) => {
      context.code = await measure(context.io, urls, flags);
    },
  );
};

interface Sum {
  objects: number;
  bytes: number;
}

async function measure(io: Io, texts: readonly string[], flags: DuFlags): Promise<number> {
  const urls = texts.map(parseUrl);
  return await withSession(
    io,
    flags,
    async (session) => {
      const rows: string[][] = [];
      for (const url of urls) {
        const classes = await addUp(session.client(url.scheme), url, flags);
        const all = total(classes);
        if (flags.json) {
          const document = { url: formatUrl(url), ...all, classes: Object.fromEntries(classes) };
          await printLine(io.stdout, visibleJson(document));
          continue;
        }
        const name = printable(formatUrl(url));
        const lines = flags.group ? [...classes].toSorted(([a], [b]) => (a < b ? -1 : 1)) : [];
        for (const [storageClass, sum] of lines) rows.push(rowOf(sum, flags, `${name}  ${storageClass}`));
        rows.push(rowOf(all, flags, flags.group ? `${name}  in all` : name));
      }
      for (const line of formatTable(rows, [0, 1])) await printLine(io.stdout, line);
      return exit.done;
    },
    { looks: 'stores' },
  );
}

async function addUp(client: StoreClient, url: StoreUrl, flags: DuFlags): Promise<Map<string, Sum>> {
  const meant = await meantBy(client, url, 'prefix');
  const classes = new Map<string, Sum>();
  for await (const object of chosenObjects(client, meant, flags)) {
    // A marker is no data, and it is what hides some.
    if ('deleteMarker' in object && object.deleteMarker) continue;
    const { storageClass = client.facts.defaultStorageClass, size } = object;
    const { objects, bytes } = classes.get(storageClass) ?? { objects: 0, bytes: 0 };
    classes.set(storageClass, { objects: objects + 1, bytes: bytes + size });
  }
  if (classes.size === 0 && isSearch(meant, flags) && !flags.allowEmpty) throw nothingFound(url, flags);
  return classes;
}

function total(classes: ReadonlyMap<string, Sum>): Sum {
  const all = { objects: 0, bytes: 0 };
  for (const { objects, bytes } of classes.values()) {
    all.objects += objects;
    all.bytes += bytes;
  }
  return all;
}

function rowOf({ objects, bytes }: Sum, { bytes: exact, versions }: DuFlags, name: string): string[] {
  const noun = versions ? 'version' : 'object';
  const size = exact ? String(bytes) : formatBytes(bytes);
  return [size, formatCount(objects), `${noun}${objects === 1 ? '' : 's'}`, name];
}
