/** URLs with wildcards: a key that holds the very characters goes before the pattern that they make. */
import { CopyError, gaveUp, GiveUp } from '../../copy/model/errors.ts';
import { present } from '../../copy/model/omit-undefined.ts';
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
 * so literally. Where the store does not say whether there is such a key, no pattern takes its place: the one object that was
 * named may be there, and others would be worked on.
 *
 * @param as whether the URL names one object, or everything that begins with it.
 * @param versionId of one object: then the URL is a key, never a pattern.
 * @throws GiveUp BadRequest for a pattern that cannot be read; what the store says to the question.
 */
export async function meantBy(
  client: StoreClient,
  url: StoreUrl,
  as: 'object' | 'prefix',
  versionId?: string,
): Promise<Meant> {
  if (!hasWildcard(url.key)) return { url };
  // A key that has no backslash can be read in one way only.
  if (versionId !== undefined && !url.key.includes('\\')) return { url };
  const refused = await isMissing(client, url, as, versionId);
  if (!refused) return { url };
  const plain = withoutEscapes(url.key);
  if (plain !== undefined) return { url: { ...url, key: plain } };
  if (versionId !== undefined) return { url };
  if (gaveUp(refused, 'AccessDenied')) throw refused;
  // A slash at the end means a folder, and so everything in it.
  const wildcard = url.key.endsWith('/') ? `${url.key}*` : url.key;
  const { literal } = compileWildcard(wildcard);
  const below = literal.slice(0, literal.lastIndexOf('/') + 1);
  return { url: { ...url, key: below }, pattern: { wildcard, literal, below } };
}

/**
 * The one object that a command wants, where a pattern has no use.
 * @param versionId the version of it that is asked for.
 * @throws GiveUp BadRequest for a URL with wildcards that is no key.
 */
export async function oneObject(client: StoreClient, url: StoreUrl, versionId?: string): Promise<StoreUrl> {
  const { url: found, pattern } = await meantBy(client, url, 'object', versionId);
  if (!pattern) return found;
  throw new GiveUp(
    'NotFound',
    `there is no object ${printable(formatUrl(url))}, and this command takes one object, no wildcards: ferry ls ${shellQuote(formatUrl(url))} lists what matches.`,
  );
}

/** What says that there is no such key, or that the caller may not know; undefined where there is one. */
async function isMissing(
  client: StoreClient,
  { bucket, key }: StoreUrl,
  as: 'object' | 'prefix',
  versionId: string | undefined,
): Promise<GiveUp | undefined> {
  if (versionId === undefined && (as === 'prefix' || key.endsWith('/'))) {
    const { contents } = await client.listObjects(bucket, { prefix: key, limit: 1 });
    return contents.length > 0 ? undefined : new GiveUp('NotFound', `nothing begins with ${printable(key)}.`);
  }
  try {
    await client.head(present({ bucket, key, versionId }));
    return undefined;
  } catch (error) {
    if (versionId !== undefined && isDeleteMarker(error)) return undefined;
    // S3 answers 403 for a missing key to a caller without the right to list, and for a key that this caller may not read.
    if (gaveUp(error, 'NotFound', 'AccessDenied')) return error;
    throw error;
  }
}

/** HEAD of a version that is a delete marker is not allowed, and no other HEAD is answered so. */
export function isDeleteMarker(error: unknown): boolean {
  return error instanceof CopyError && error.answer?.status === 405;
}
