/** URLs with wildcards: a key that holds the very characters goes before the pattern that they make. */
import { gaveUp, GiveUp } from '../../copy/model/errors.ts';
import { compileWildcard, hasWildcard, withoutEscapes } from '../../keys/wildcard.ts';
import type { StoreClient } from '../../store/calls/client.ts';
import type { KeyPattern } from '../input/selection.ts';
import { formatUrl, type StoreUrl } from '../input/urls.ts';
import { printable, shellQuote } from '../text/format.ts';

export interface Meant {
  /** As it is to be read, without wildcards; of a pattern the folder that holds every match. */
  url: StoreUrl;
  pattern?: KeyPattern;
}

/**
 * What a URL means. One with `*`, `?`, `[` or a backslash costs one request, which asks for the key, or the keys, that begin
 * so literally.
 *
 * @param as whether the URL names one object, or everything that begins with it.
 * @throws GiveUp BadRequest for a pattern that cannot be read; what the store says to the question.
 */
export async function meantBy(client: StoreClient, url: StoreUrl, as: 'object' | 'prefix'): Promise<Meant> {
  if (!hasWildcard(url.key)) return { url };
  if (await isThere(client, url, as)) return { url };
  const plain = withoutEscapes(url.key);
  if (plain !== undefined) return { url: { ...url, key: plain } };
  // A slash at the end means a folder, and so everything in it.
  const wildcard = url.key.endsWith('/') ? `${url.key}*` : url.key;
  const { literal } = compileWildcard(wildcard);
  const below = literal.slice(0, literal.lastIndexOf('/') + 1);
  return { url: { ...url, key: below }, pattern: { wildcard, literal, below } };
}

/**
 * The one object that a command wants, where a pattern has no use.
 * @throws GiveUp BadRequest for a URL with wildcards that is no key.
 */
export async function oneObject(client: StoreClient, url: StoreUrl): Promise<StoreUrl> {
  const { url: found, pattern } = await meantBy(client, url, 'object');
  if (!pattern) return found;
  throw new GiveUp(
    'NotFound',
    `there is no object ${printable(formatUrl(url))}, and this command takes one object, no wildcards: ferry ls ${shellQuote(formatUrl(url))} lists what matches.`,
  );
}

async function isThere(client: StoreClient, { bucket, key }: StoreUrl, as: 'object' | 'prefix'): Promise<boolean> {
  if (as === 'prefix' || key.endsWith('/')) {
    const { contents } = await client.listObjects(bucket, { prefix: key, limit: 1 });
    return contents.length > 0;
  }
  try {
    await client.head({ bucket, key });
    return true;
  } catch (error) {
    // S3 answers 403 for a missing key to a caller without the right to list.
    if (gaveUp(error, 'NotFound', 'AccessDenied')) return false;
    throw error;
  }
}
