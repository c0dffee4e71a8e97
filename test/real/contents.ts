/** The contents of many objects of a real server, to be compared before and after. */
import type { StoreClient } from '../../lib/store/open.ts';
import { sha256 } from '../contract/store/large.ts';

/** Does the work for every item, 16 at a time. */
export async function inTurn<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

/** SHA-256 of all contents below a prefix, by key. */
export async function contentsBelow(store: StoreClient, bucket: string, prefix: string): Promise<Map<string, string>> {
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const page = await store.listObjects(bucket, { prefix, token });
    keys.push(...page.contents.map(({ key }) => key));
    token = page.next;
  } while (token !== undefined);
  const found = new Map<string, string>();
  await inTurn(keys, async (key) => void found.set(key, await sha256(store, { bucket, key })));
  return found;
}
