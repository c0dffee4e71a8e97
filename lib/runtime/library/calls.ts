import { dryRun, type DryRun } from '../../copy/dry-run.ts';
import { CopyJob, type Copied } from './copy-job.ts';
import { openEngine, type EngineOptions } from './engine.ts';
import { requestOf, type ChangeInput, type CopyInput } from './input.ts';

/**
 * Copies one object of any size inside a store. The data does not pass through this process.
 *
 * ```ts
 * const { etag, verifiedBy, lost } = await copyObject({ store: s3Client, source: 's3://a/k', destination: 's3://b/k' });
 * ```
 *
 * @throws CopyError, whose `decision` says what can be done about it; the reason of `signal`.
 */
export async function copyObject(input: CopyInput & EngineOptions): Promise<Copied> {
  return await new CopyJob(input).run();
}

/**
 * Copies an object, verifies the copy, and removes the source. What would lose something is refused before the first write, unless
 * `acceptLoss` is set; what is at the destination is kept, unless `overwrite` says otherwise.
 *
 * @throws as `copyObject` does.
 */
export async function moveObject(input: CopyInput & EngineOptions): Promise<Copied> {
  return await new CopyJob(input, 'rename').run();
}

/** Changes metadata, headers, tags, storage class, encryption or ACL of an object where it is. @throws as `copyObject` does. */
export async function changeMetadata(input: ChangeInput & EngineOptions): Promise<Copied> {
  return await new CopyJob(input, 'metadata').run();
}

/**
 * What `copyObject` would do: its way, parts, requests, permissions and losses. Nothing is written to find out.
 *
 * @throws what `copyObject` would throw before its first write.
 */
export async function planCopy(input: CopyInput & EngineOptions): Promise<DryRun> {
  const { settings, onRequest, log, ...given } = input;
  const engine = await openEngine(input.store, { settings, onRequest, log });
  try {
    return await dryRun(engine.world, requestOf('copy', engine.address, given));
  } finally {
    await engine.close();
  }
}
