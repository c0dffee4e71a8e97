import { beforeAll, expect, it } from 'vitest';
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import type { Clock } from '../../../lib/copy/model/ports.ts';
import type { StoreClient } from '../../../lib/store/calls/client.ts';
import { put, unique, type Stage } from './target.ts';

/** A clock that is wrong by so many minutes. */
function skewed(minutes: number): Clock {
  return {
    now: () => Date.now() + minutes * 60_000,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}

export function failing(stage: Stage): void {
  let ref: ObjectRef;
  let etag: string;
  beforeAll(async () => {
    ref = { bucket: stage.bucket, key: unique('failing') };
    etag = await put(stage, ref, 'x');
  });
  const copy = (store: StoreClient) =>
    store.copyObject({
      source: ref,
      sourceIfMatch: etag,
      destination: { bucket: stage.bucket, key: unique('copy') },
      metadata: { directive: 'copy' },
      tags: 'copy',
    });

  it('a wrong secret is InvalidCredentials, and appears in no message', async () => {
    const wrong = stage.connect({ ...stage.owner, secretAccessKey: 'not-the-secret' });
    const error = await copy(wrong).catch((error: unknown) => error);
    expect(error).toMatchObject({ decision: 'give-up', code: 'InvalidCredentials' });
    expect(JSON.stringify([error, String(error)])).not.toContain('not-the-secret');
  });

  it('an unknown access key is InvalidCredentials', async () => {
    const unknown = stage.connect({ ...stage.owner, accessKeyId: 'unknown' });
    await expect(copy(unknown)).rejects.toMatchObject({ decision: 'give-up', code: 'InvalidCredentials' });
  });

  it('what others may not see is AccessDenied', async () => {
    if (!stage.stranger) return;
    const stranger = stage.connect(stage.stranger);
    await expect(stranger.head(ref)).rejects.toMatchObject({ decision: 'give-up', code: 'AccessDenied' });
    await expect(copy(stranger)).rejects.toMatchObject({ decision: 'give-up', code: 'AccessDenied' });
  });

  it.each([-20, 20])('a clock that is %i minutes off corrects itself', async (minutes) => {
    const late = stage.connect(stage.owner, skewed(minutes));
    await copy(late);
    expect((await late.head(ref)).size).toBe(1);
  });
}
