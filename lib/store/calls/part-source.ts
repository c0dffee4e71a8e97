import { gaveUp } from '../../copy/model/errors.ts';
import type { ObjectRef } from '../../copy/model/object.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import type { Caller } from '../http/caller.ts';
import { copySource, encodeKey } from '../wire/encode.ts';
import { headObject } from './head-object.ts';

/**
 * Sends a part copy with its source encoded as this store reads it.
 *
 * Ceph RGW 16 decodes the source of UploadPartCopy twice, that of CopyObject once. A key with a percent sign is then
 * another key there: the wrong object is copied silently, or, if no such key exists, the gateway crashes. So before the first
 * such key the store is asked, once per client, in a way that harms neither kind.
 *
 * @param send makes the call with this copy-source; it may be called twice for the same part.
 */
export async function sendPart<T>(
  caller: Caller,
  source: ObjectRef,
  send: (copySource: string) => Promise<T>,
  options?: CallOptions,
): Promise<T> {
  const known = caller.partSources;
  if (known.suspect && known.twice === undefined && source.key.includes('%')) {
    known.asking ??= decodesTwice(caller, source, send, options).finally(() => delete known.asking);
    known.twice = await known.asking;
  }
  return send(copySource(known.twice ? encodedTwice(source) : source));
}

function encodedTwice(source: ObjectRef): ObjectRef {
  return { ...source, key: encodeKey(source.key) };
}

/**
 * Asks with the source encoded twice. A store that decodes once looks for a key that is not there, which is made sure of
 * first. Undefined when it is there, or when the source is gone: neither answer would mean anything.
 */
async function decodesTwice(
  caller: Caller,
  source: ObjectRef,
  send: (copySource: string) => Promise<unknown>,
  options?: CallOptions,
): Promise<boolean | undefined> {
  const { bucket, key } = encodedTwice(source);
  if (await exists(caller, { bucket, key }, options)) return undefined;
  try {
    await send(copySource(encodedTwice(source)));
    return true;
  } catch (error) {
    if (!gaveUp(error, 'NotFound')) throw error;
  }
  return (await exists(caller, source, options)) ? false : undefined;
}

async function exists(caller: Caller, ref: ObjectRef, options?: CallOptions): Promise<boolean> {
  try {
    await headObject(caller, ref, options);
    return true;
  } catch (error) {
    if (gaveUp(error, 'NotFound')) return false;
    throw error;
  }
}
