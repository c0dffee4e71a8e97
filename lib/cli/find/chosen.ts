/** The objects of a listing that a command means, and what it says when there are none. */
import { GiveUp } from '../../copy/model/errors.ts';
import type {
  ListedObject,
  ListedVersion,
  ListObjectsQuery,
  ObjectsPage,
  StoreClient,
} from '../../store/calls/client.ts';
import { listedFilter, selectionText, type SelectionFlags } from '../input/selection.ts';
import { formatUrl, type StoreUrl } from '../input/urls.ts';
import { printable } from '../text/format.ts';
import type { Meant } from './pattern.ts';

/** Everything below a URL, or what its pattern and the options choose of it. With `versions` old versions and markers as well. */
export async function* chosenObjects(
  client: StoreClient,
  { url, pattern }: Meant,
  flags: SelectionFlags & { versions?: boolean },
): AsyncGenerator<ListedObject | ListedVersion> {
  const prefix = pattern?.literal ?? url.key;
  // Names begin behind the last slash of what was asked for.
  const isWanted = listedFilter(flags, prefix.slice(0, prefix.lastIndexOf('/') + 1), pattern) ?? (() => true);
  const pages = flags.versions ? versionPages(client, url.bucket, prefix) : objectPages(client, url.bucket, prefix);
  for await (const page of pages) yield* page.filter(isWanted);
}

async function* objectPages(client: StoreClient, bucket: string, prefix: string): AsyncGenerator<ListedObject[]> {
  for await (const { contents } of pagesOf(client, bucket, { prefix })) yield contents;
}

async function* versionPages(client: StoreClient, bucket: string, prefix: string): AsyncGenerator<ListedVersion[]> {
  let page = await client.listVersions(bucket, { prefix });
  for (;;) {
    yield page.versions;
    if (page.next === undefined) return;
    page = await client.listVersions(bucket, { prefix, next: page.next });
  }
}

/** Whether something in particular was asked for: an empty bucket is no mistake, a search that finds nothing may be one. */
export function isSearch({ url, pattern }: Meant, flags: SelectionFlags): boolean {
  return url.key !== '' || pattern !== undefined || selectionText(flags) !== '';
}

export function nothingFound(asked: StoreUrl, flags: SelectionFlags): GiveUp {
  return new GiveUp(
    'NotFound',
    `no object matches ${printable(formatUrl(asked))}${selectionText(flags)} (--allow-empty makes that no error).`,
  );
}

/** The pages of a listing; the next one is on its way while this one is worked on. */
export async function* pagesOf(
  client: Pick<StoreClient, 'listObjects'>,
  bucket: string,
  query: ListObjectsQuery,
): AsyncGenerator<ObjectsPage> {
  let coming: Promise<ObjectsPage> | undefined = client.listObjects(bucket, query);
  while (coming) {
    const page: ObjectsPage = await coming;
    coming = page.next === undefined ? undefined : client.listObjects(bucket, { ...query, token: page.next });
    // Thrown where it is awaited; a reader that stops early must not leave it unhandled.
    coming?.catch(() => {});
    yield page;
  }
}
