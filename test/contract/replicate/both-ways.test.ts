/** Two buckets that mirror each other, through real requests: what a store makes of metadata must not wake a loop. */
import { afterEach, describe, expect, it } from 'vitest';
import { markerName } from '../../../lib/replicate/loops/marker.ts';
import type { Service } from '../api/support.ts';
import { openService, until } from '../api/support.ts';

const MiB = 1024 * 1024;
const toClose: Service[] = [];
afterEach(async () => {
  for (const one of toClose.splice(0)) await one.close();
});

const mirror = (deletes = 'off') => [
  {
    name: 'there',
    source: { bucket: 'photos' },
    destination: { bucket: 'backup', metadata: { 'copied-by': ' ferry ' } },
    deletes,
  },
  { name: 'back', source: { bucket: 'backup' }, destination: { bucket: 'photos' }, deletes },
];

describe.each(['oss', 's3'] as const)('both ways on %s', (scheme) => {
  async function open(deletes?: string) {
    const service = await openService({
      ...{ scheme, shape: scheme },
      config: { rules: mirror(deletes) },
      // Duplicates that are handled at once copy twice; here copies are counted.
      events: { duplicate: 0 },
      settings: { directMax: 6 * MiB, partSizeMin: 5 * MiB, staleMs: 2_000 },
    });
    toClose.push(service);
    const { client, twin, settled } = service;
    const text = async (bucket: string, key: string): Promise<string | undefined> =>
      twin.store.keys(bucket).includes(key) ? (await twin.store.bytes(bucket, key)).toString() : undefined;
    return {
      ...{ client, twin },
      put: (bucket: string, key: string, body: string | Buffer) => client.putObject({ bucket, key }, Buffer.from(body)),
      /** Both sides hold this, and keep it. */
      async equal(key: string, body: string | undefined) {
        await until(async () => (await text('photos', key)) === body && (await text('backup', key)) === body);
        await settled();
        await new Promise((resolve) => setTimeout(resolve, 200));
        await settled();
        expect([await text('photos', key), await text('backup', key)]).toEqual([body, body]);
      },
      copies: () => twin.requests.count('CopyObject'),
    };
  }

  it('each write crosses over once, however quickly one follows another', async () => {
    const { put, equal, copies } = await open();
    const key = 'a b+ü%41.txt';
    await put('photos', key, 'one');
    await equal(key, 'one');
    await put('backup', key, 'two');
    await equal(key, 'two');
    await put('photos', key, 'three');
    await equal(key, 'three');
    await put('photos', key, '');
    await equal(key, '');
    expect(copies()).toBe(4);
  });

  it('headers and metadata come along and are no reason to copy back', async () => {
    const { client, twin, equal, copies } = await open();
    await twin.store.put('photos', 'k', {
      body: 'x',
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'max-age=5 , private',
        'content-language': 'de',
      },
      meta: { 'Mixed-Case': 'A  b', empty: '' },
      tags: { a: '1' },
    });
    const seen = await client.head({ bucket: 'photos', key: 'k' });
    // Written through the client, as users do, with what the store made of it.
    await client.copyObject({
      source: { bucket: 'photos', key: 'k' },
      sourceIfMatch: seen.etag,
      destination: { bucket: 'photos', key: 'j' },
      metadata: { directive: 'copy' },
      tags: 'copy',
    });
    const before = copies();
    await equal('j', 'x');
    const [left, right] = await Promise.all(['photos', 'backup'].map((bucket) => client.head({ bucket, key: 'j' })));
    expect(right!.content).toEqual(left!.content);
    expect(right!.userMetadata).toEqual({
      ...left!.userMetadata,
      'copied-by': expect.any(String),
      [markerName]: expect.any(String),
    });
    expect(await client.getTags({ bucket: 'backup', key: 'j' })).toEqual({ a: '1' });
    expect(copies() - before).toBe(1);
  });

  it('a change of metadata on the replica goes back, although the editor kept our marker', async () => {
    const { client, put, equal, copies } = await open();
    await put('photos', 'k', 'one');
    await equal('k', 'one');
    const replica = await client.head({ bucket: 'backup', key: 'k' });
    await client.copyObject({
      source: { bucket: 'backup', key: 'k' },
      sourceIfMatch: replica.etag,
      destination: { bucket: 'backup', key: 'k' },
      metadata: {
        directive: 'replace',
        content: replica.content,
        userMetadata: { ...replica.userMetadata, note: 'new' },
      },
      tags: 'copy',
    });
    await until(async () => (await client.head({ bucket: 'photos', key: 'k' })).userMetadata['note'] === 'new');
    await equal('k', 'one');
    expect(copies()).toBe(3);
  });

  it('large objects cross over in parts, once', async () => {
    const { put, twin, equal } = await open();
    const large = 'x'.repeat(8 * MiB);
    await put('photos', 'large', large);
    await equal('large', large);
    const other = 'y'.repeat(8 * MiB);
    await put('backup', 'large', other);
    await equal('large', other);
    expect(twin.requests.count('InitiateMultipartUpload')).toBe(2);
    expect(twin.requests.count('CopyObject')).toBe(0);
  });

  it('a removal takes the replica along, wherever it was written; a replica that is removed comes back', async () => {
    const { client, put, equal } = await open('verified');
    for (const side of ['photos', 'backup']) {
      await put(side, side, 'one');
      await equal(side, 'one');
    }
    for (const side of ['photos', 'backup']) {
      const other = side === 'photos' ? 'backup' : 'photos';
      await client.delete({ bucket: other, key: side });
      await equal(side, 'one');
      await client.delete({ bucket: side, key: side });
      await equal(side, undefined);
    }
  });
});
