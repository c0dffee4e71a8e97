/** What users do to a bucket, and what is wrong with its replica afterwards. */
import { markerName } from '../../../lib/replicate/loops/marker.ts';
import type { StoreClient } from '../../../lib/store/calls/client.ts';
import { odd } from '../store/keys.ts';
import { putLarge, sha256 } from '../store/large.ts';
import { MiB, type Quirks } from '../store/target.ts';

export interface Playground {
  store: StoreClient;
  bucket: string;
  /** A bucket that no rule is about. */
  aside: string;
  quirks: Quirks;
  /** The store does not survive to be asked for the removal of several objects at once. */
  removesOneByOne?: boolean;
}

/** Every write carries this metadata with another value, so that an old version can be told from the newest by a HEAD. */
const writeName = 'write';

/**
 * Uploads of all kinds, overwrites in quick succession, deletes, renames. Returns how many objects there are in the end.
 */
export async function useBucket(playground: Playground): Promise<number> {
  const { store, bucket, aside, quirks, removesOneByOne } = playground;
  let writes = 0;
  const userMetadata = () => ({ [writeName]: String(++writes) });
  const put = (key: string, body: string | Buffer = key) =>
    store.putObject({ bucket, key }, Buffer.from(body), {
      userMetadata: userMetadata(),
      content: { contentType: 'text/x-odd', cacheControl: 'max-age=60' },
    });
  const remove = (key: string) => store.delete({ bucket, key });

  const { maxKeyBytes } = store.facts;
  const keys = [...Object.values(odd), 'ü' + 'k'.repeat(maxKeyBytes - 2)];
  const large = putLarge(
    { store, bucket: aside, quirks },
    { bucket, key: 'large ü+%41.bin' },
    { parts: 8, partSize: 25 * MiB, userMetadata: userMetadata() },
  );
  for (const key of keys) await put(key);
  await put('empty', '');
  await put('12 MiB', Buffer.alloc(12 * MiB, 'x'));

  // One after the other, faster than anything is replicated.
  for (let i = 0; i < 20; i++) await put('overwritten', `version ${i}`);
  for (const size of [1, 7 * MiB, 2, 9 * MiB, 0]) await put('grows and shrinks', Buffer.alloc(size, 'y'));
  // At the same time: the store decides which one stays.
  await Promise.all(Array.from({ length: 6 }, (_, i) => put('contested', `writer ${i}`)));

  await put('gone');
  await remove('gone');
  for (let i = 0; i < 5; i++) {
    await put('ends deleted', `life ${i}`);
    await remove('ends deleted');
    await remove('ends alive');
    await put('ends alive', `life ${i}`);
  }
  await remove('never there');
  const batch = Array.from({ length: 10 }, (_, i) => `batch/${i}`);
  await Promise.all(batch.map((key) => put(key)));
  const [, ...removed] = batch;
  if (removesOneByOne) for (const key of removed) await remove(key);
  else
    await store.deleteObjects(
      bucket,
      removed.map((key) => ({ key })),
    );

  await put('old name');
  const source = { bucket, key: 'old name' };
  const { etag } = await store.head(source);
  const destination = { bucket, key: 'new name' };
  await store.copyObject({ source, sourceIfMatch: etag, destination, metadata: { directive: 'copy' }, tags: 'copy' });
  await remove('old name');
  await large;
  return keys.length + 9;
}

async function keysOf(store: StoreClient, bucket: string): Promise<Set<string>> {
  const found = new Set<string>();
  let token: string | undefined;
  do {
    const page = await store.listObjects(bucket, { token });
    for (const { key } of page.contents) found.add(key);
    token = page.next;
  } while (token !== undefined);
  return found;
}

/**
 * Compares two buckets by listing and HEAD, and byte by byte where asked. Returns a sentence for each difference; our own
 * marker on a replica is none.
 */
export async function differences(store: StoreClient, left: string, right: string, bytes = false): Promise<string[]> {
  const [source, replica] = await Promise.all([keysOf(store, left), keysOf(store, right)]);
  const wrong = [...replica].filter((key) => !source.has(key)).map((key) => `${key}: left over`);
  for (const key of source) {
    if (!replica.has(key)) wrong.push(`${key}: missing`);
    else if ((await factsOf(store, left, key)) !== (await factsOf(store, right, key))) wrong.push(`${key}: different`);
    else if (bytes && (await bytesOf(store, left, key)) !== (await bytesOf(store, right, key)))
      wrong.push(`${key}: other bytes`);
  }
  return wrong;
}

const bytesOf = (store: StoreClient, bucket: string, key: string) => sha256(store, { bucket, key });

/** Undefined when it has gone since it was listed. */
async function factsOf(store: StoreClient, bucket: string, key: string): Promise<string | undefined> {
  try {
    const { size, content, userMetadata } = await store.head({ bucket, key });
    const metadata = Object.entries(userMetadata).filter(([name]) => name !== markerName);
    return JSON.stringify([size, content, metadata.sort()]);
  } catch {
    return undefined;
  }
}
