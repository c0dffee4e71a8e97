/** What the demo does: one real file through every kind of request. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { CopyRequest, MetadataChange } from '../../copy/model/request.ts';
import type { StoreClient } from '../../store/calls/client.ts';

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

/** One thing the demo asks of the store. */
export interface DemoStep {
  title: string;
  request: CopyRequest;
}

/** A copy by parts, a rename, a change of metadata; `key` is where the object is in the end. */
export function demoSteps(store: StoreAddress, name: string, size: number): { steps: DemoStep[]; key: string } {
  const copied = { bucket: 'photos-backup', key: name };
  const renamed = { bucket: 'photos-backup', key: `renamed/${name}` };
  const byParts = { partSize: demoPartSize(size), concurrency: demoPace.concurrency };
  const metadata: MetadataChange = {
    base: 'merge',
    set: { album: 'demo' },
    content: { contentType: 'application/x-demo' },
  };
  const source = { bucket: 'photos', key: name };
  return {
    key: renamed.key,
    steps: [
      { title: 'copy', request: { mode: 'copy', store, source, destination: copied, options: byParts } },
      { title: 'rename', request: { mode: 'rename', store, source: copied, destination: renamed, options: {} } },
      {
        title: 'metadata',
        request: { mode: 'metadata', store, source: renamed, destination: renamed, options: { metadata } },
      },
    ],
  };
}
