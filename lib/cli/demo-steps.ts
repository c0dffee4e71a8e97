/** What the demo does: one real file through every kind of request. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { CopyRequest } from '../copy/request.ts';
import type { StoreClient } from '../store/types.ts';
import { copyObject } from './copy-object.ts';
import { exit } from './exit.ts';
import type { Session } from './session.ts';

const KiB = 1024;

/** SHA-256 of a file, hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** SHA-256 of an object, hex; reads all of it. */
export async function hashObject(client: StoreClient, bucket: string, key: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline((await client.getObject({ bucket, key })).body, hash);
  return hash.digest('hex');
}

/** About 24 parts, so that there is something to see, and none below the 100 KiB that OSS demands. */
export function demoPartSize(size: number): number {
  return Math.max(100 * KiB, Math.ceil(size / 24 / (64 * KiB)) * 64 * KiB);
}

/** Parts at once, and how long the demo's store takes for each: some five seconds in all. */
export const demoPace = { concurrency: 4, partLatencyMs: 750 };

/**
 * Copies by parts, renames, changes metadata. Stops at the first that fails.
 * @returns the exit code, and the key that the object has in the end.
 */
export async function copyRenameChange(
  session: Session,
  name: string,
  size: number,
): Promise<{ code: number; key: string }> {
  const store = session.address('oss');
  const copied = { bucket: 'photos-backup', key: name };
  const renamed = { bucket: 'photos-backup', key: `renamed/${name}` };
  const requests: CopyRequest[] = [
    {
      mode: 'copy',
      store,
      source: { bucket: 'photos', key: name },
      destination: copied,
      options: { partSize: demoPartSize(size), concurrency: demoPace.concurrency },
    },
    { mode: 'rename', store, source: copied, destination: renamed, options: {} },
    {
      mode: 'metadata',
      store,
      source: renamed,
      destination: renamed,
      options: { metadata: { base: 'merge', set: { album: 'demo' }, content: { contentType: 'application/x-demo' } } },
    },
  ];
  for (const request of requests) {
    const code = await copyObject(session, request);
    if (code !== exit.done) return { code, key: renamed.key };
  }
  return { code: exit.done, key: renamed.key };
}
