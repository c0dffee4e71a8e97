/** A rename that must not overwrite, whose worker died before it copied anything. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { RetryLater } from '../../../lib/copy/model/errors.ts';
import type { ObjectStore, World } from '../../../lib/copy/model/ports.ts';
import type { CopyRequest } from '../../../lib/copy/model/request.ts';
import { startCopy } from '../../../lib/copy/start.ts';
import { openEmbedded } from '../../../lib/runtime/embedded/open.ts';
import { startTwin } from '../../../lib/twin/start.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

it.each([
  ['no tags', undefined],
  ['other tags', { keep: 'it' }],
])('keeps the source when a stranger has written the same bytes with %s', async (_what, tags) => {
  const twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'backup' }] });
  const home = mkdtempSync(join(tmpdir(), 'ferry-resumed-'));
  const { accessKeyId, secretAccessKey } = twin;
  const embedded = await openEmbedded({ home, credentials: { s3: async () => ({ accessKeyId, secretAccessKey }) } });
  toClose.push(
    () => rmSync(home, { recursive: true, force: true }),
    () => twin.close(),
    () => embedded.close(),
  );
  await twin.store.put('photos', 'a', { body: 'same', tags: { keep: 'me' } });
  const { world } = embedded;
  const dying: World = {
    ...world,
    store: (address) =>
      new Proxy(world.store(address), {
        get(store, name) {
          const member: unknown = Reflect.get(store, name);
          if (name === 'copyObject') return async () => Promise.reject(new RetryLater('died'));
          return typeof member === 'function' ? (member.bind(store) as unknown) : member;
        },
      }) as ObjectStore,
  };
  const request: CopyRequest = {
    mode: 'rename',
    store: { scheme: 's3', endpoint: twin.url, region: 'us-east-1' },
    source: { bucket: 'photos', key: 'a' },
    destination: { bucket: 'backup', key: 'a' },
    options: { overwrite: 'never' },
    journal: true,
  };
  const invocation = { id: 'test', deadline: Date.now() + 60_000 };
  await expect(startCopy(dying, request, { ...invocation, attempt: 1 })).rejects.toThrow('died');
  await twin.store.put('backup', 'a', { body: 'same', tags });
  await expect(startCopy(world, request, { ...invocation, attempt: 2 })).rejects.toMatchObject({
    code: 'DestinationExists',
  });
  expect(twin.store.keys('photos')).toEqual(['a']);
});
