import { createReadStream } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BatchWorld, WorkFiles, WorkPlace } from '../../batch/index.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { CallOptions, World } from '../../copy/model/ports.ts';
import { isMarkedCopy } from '../../replicate/compare/heads.ts';
import type { FileRef, SourcePorts } from '../../sources/shared/source.ts';
import type { StoreClient } from '../../store/open.ts';
import { WorkBucket } from '../../store/work-bucket.ts';
import { WorkFolder } from '../../store/work-folder.ts';

export interface BatchWorldParts {
  client(address: StoreAddress): StoreClient;
  /** Where batches are kept that name no place. */
  workPlace?: WorkPlace;
  /** Whether files of this machine may be read and written: not where workers run on many. */
  localFiles: boolean;
}

/** Folder of the batches below the state folder. */
export function workFolderOf(home: string): WorkPlace {
  return { kind: 'folder', path: resolve(join(home, 'batches')) };
}

/** Gives the engine's world what batches need besides. */
export function batchWorld(world: World, parts: BatchWorldParts): BatchWorld {
  const { client, workPlace } = parts;
  return {
    ...world,
    workPlace,
    files: (place) => workFiles(parts, place),
    sources: (address) => sourcePorts(parts, address),
    isMarkedCopy,
    throttled: (address) => client(address).pressure.throttled,
  };
}

function workFiles({ client, localFiles }: BatchWorldParts, place: WorkPlace): WorkFiles {
  if (place.kind === 'bucket') return new WorkBucket(client(place.store), place.bucket, place.prefix);
  if (localFiles) return new WorkFolder(place.path);
  throw new GiveUp(
    'BadRequest',
    `${place.path} is a local folder, which workers on other machines cannot read. Use oss://bucket/prefix/ or s3://bucket/prefix/.`,
  );
}

function sourcePorts(
  { client, localFiles }: BatchWorldParts,
  address: StoreAddress,
): Pick<SourcePorts, 'list' | 'stream' | 'read'> {
  const store = client(address);
  return {
    async list(bucket, query) {
      const { contents, next } = await store.listObjects(bucket, query);
      return { entries: contents, more: next !== undefined };
    },
    async stream(file, options = {}) {
      if ('bucket' in file) return await streamObject(store, file, options);
      if (!localFiles) throw new GiveUp('BadRequest', 'A manifest has to be an object of a bucket here.');
      return streamFile(file.path, options);
    },
    async read(ref, { from, to, etag, ...options }) {
      const { body } = await store.getObject(ref, { ...options, first: from, last: to - 1, ifMatch: etag });
      return body;
    },
  };
}

/** Of a file: bytes from `from` on, up to `to`, which is left out. */
interface Stretch {
  from?: number;
  to?: number;
}

async function streamObject(
  store: StoreClient,
  file: Extract<FileRef, { bucket: string }>,
  { from, to, ...options }: CallOptions & Stretch,
): Promise<AsyncIterable<Uint8Array>> {
  const range = { ...(from ? { first: from } : {}), ...(to === undefined ? {} : { last: to - 1 }) };
  const { body } = await store.getObject(file, { ...options, ...range });
  return body;
}

async function* streamFile(path: string, { from = 0, to = Infinity }: Stretch): AsyncGenerator<Uint8Array> {
  try {
    const stretch = { start: from, end: to - 1, highWaterMark: 256 * 1024 };
    yield* createReadStream(path, stretch) as AsyncIterable<Uint8Array>;
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new GiveUp(gone ? 'NotFound' : 'BadRequest', `${path} cannot be read: ${String(error)}`, { cause: error });
  }
}
