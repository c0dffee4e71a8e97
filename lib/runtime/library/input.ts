/** What a caller of the library says about one copy, and the request that the engine makes of it. */
import { GiveUp } from '../../copy/model/errors.ts';
import type { ObjectRef, StoreAddress } from '../../copy/model/object.ts';
import type { CopyOptions, CopyRequest, Mode } from '../../copy/model/request.ts';
import type { StoreGiven } from './stores.ts';

/** `s3://bucket/key`, `oss://bucket/key` (nothing in the key is decoded), or the parts of it. */
export type Place = string | ObjectRef;

/** How far a copy is. Sizes are bytes. */
export interface Progress {
  state: 'planned' | 'copying' | 'finishing' | 'done' | 'failed' | 'superseded' | 'cancelled';
  bytesDone: number;
  /** 0 until the source was looked at. */
  size: number;
  partsDone: number;
  /** 0 for a copy in one request. */
  parts: number;
  /** Sent to the store so far, retries included. */
  requests: number;
}

/** What every call of the library takes besides its objects. */
export interface CallInput {
  /** An `S3Client`, a client of ali-oss, or a store in words. */
  store: StoreGiven;
  /** Ends the work and removes what was begun; an object that was written whole stays. */
  signal?: AbortSignal;
  onProgress?(progress: Progress): void;
}

export interface CopyInput extends CallInput, CopyOptions {
  source: Place;
  destination: Place;
}

export interface ChangeInput extends CallInput, CopyOptions {
  object: Place;
}

/** @throws GiveUp BadRequest for a place that names no object of this store. */
export function requestOf(mode: Mode, store: StoreAddress, input: CopyInput | ChangeInput): CopyRequest {
  const { store: _store, signal: _signal, onProgress: _onProgress, ...rest } = input;
  if ('object' in rest) {
    const { object, ...options } = rest;
    const ref = refOf(object, store, 'object');
    return { mode, store, source: ref, destination: { bucket: ref.bucket, key: ref.key }, options };
  }
  const { source, destination, ...options } = rest;
  return {
    mode,
    store,
    source: refOf(source, store, 'source'),
    destination: refOf(destination, store, 'destination'),
    options,
  };
}

function refOf(place: Place, { scheme }: StoreAddress, name: string): ObjectRef {
  if (typeof place !== 'string') {
    if (place?.bucket && place.key) return place;
    throw new GiveUp('BadRequest', `${name} must name an object: give { bucket, key } or ${scheme}://bucket/key.`);
  }
  const [, itsScheme, bucket, key] = /^([a-z0-9]+):\/\/([^/]+)\/([^]+)$/i.exec(place) ?? [];
  if (!bucket || !key || itsScheme?.toLowerCase() !== scheme) {
    throw new GiveUp('BadRequest', `${name} is "${place}": write ${scheme}://bucket/key, or give { bucket, key }.`);
  }
  return { bucket, key };
}
