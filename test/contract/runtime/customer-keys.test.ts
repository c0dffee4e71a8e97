/** A worker without a key of the customer that a job needs: the job waits, and what needs no key goes on. */
import { expect, it } from 'vitest';
import { RetryLater } from '../../../lib/copy/model/errors.ts';
import type { StoreAddress } from '../../../lib/copy/model/object.ts';
import { noLog } from '../../../lib/log.ts';
import { Stores } from '../../../lib/runtime/shared/stores.ts';
import { systemClock } from '../../../lib/runtime/shared/system-clock.ts';
import { startTwin } from '../../../lib/twin/start.ts';

it('a task whose key is missing asks to be delivered again, and an abort is done without it', async () => {
  const twin = await startTwin({ buckets: [{ name: 'photos' }] });
  const credentials = { s3: () => Promise.resolve(twin) };
  const parts = { credentials, clock: systemClock, random: Math.random, log: noLog, concurrency: 1 };
  const address: StoreAddress = {
    ...{ scheme: 's3', endpoint: twin.url, region: 'cn-hangzhou' },
    customerKeys: [{ bucket: 'photos', key: '', reference: 'env:PHOTOS_KEY' }],
  };
  const destination = { bucket: 'photos', key: 'a' };
  const able = new Stores({ ...parts, env: { PHOTOS_KEY: 'k'.repeat(32) } });
  const begun = { content: {}, userMetadata: {}, tags: {} };
  const { uploadId } = await able.get(address).initiate({ destination, ...begun });
  const unable = new Stores({ ...parts, env: {} });
  const looked: unknown = await unable
    .get(address)
    .head(destination)
    .catch((error: unknown) => error);
  expect(looked).toBeInstanceOf(RetryLater);
  expect(String(looked)).toContain('PHOTOS_KEY');
  await unable.get(address).abort(destination, uploadId);
  expect(twin.store.uploads('photos')).toEqual([]);
  await Promise.all([able.close(), unable.close(), twin.close()]);
});
