import { CopyError, gaveUp, RetryLater } from '../../copy/model/errors.ts';
import type { StoreClient } from '../../store/open.ts';
import type { Place } from './places.ts';

/** What is wrong with a place. */
export interface Trouble {
  code: string;
  message: string;
  /** Nothing can be done with the store: no credentials, or it does not answer. */
  stopsAll: boolean;
}

/** How long one check may take, milliseconds. */
const checkMs = 10_000;

/**
 * Looks whether a place can be used, with two or four requests: lists one key and, where objects are written, starts an upload and
 * aborts it, as `ferry doctor --write` does. That a bucket may not be listed is no trouble: replication does not need it.
 *
 * @returns undefined when nothing is wrong.
 */
export async function checkPlace(client: StoreClient, place: Place, now: number): Promise<Trouble | undefined> {
  const { bucket, prefix, writes } = place;
  const options = { deadline: now + checkMs };
  try {
    await client.listObjects(bucket, { prefix, limit: 1, ...options });
  } catch (error) {
    if (!gaveUp(error, 'AccessDenied')) return troubleOf(error);
  }
  if (!writes) return undefined;
  const destination = { bucket, key: `${prefix}.ferry-check-${now}` };
  try {
    const { uploadId } = await client.initiate({ destination, content: {}, userMetadata: {}, tags: {} }, options);
    await client.abort(destination, uploadId, options);
  } catch (error) {
    return troubleOf(error);
  }
  return undefined;
}

function troubleOf(error: unknown): Trouble {
  if (!(error instanceof CopyError)) return { code: 'Unexpected', message: String(error), stopsAll: false };
  const stopsAll = error instanceof RetryLater || gaveUp(error, 'InvalidCredentials', 'WrongEndpoint');
  return { code: error.code, message: error.message, stopsAll };
}
