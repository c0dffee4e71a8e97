import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { BOTH } from './raw.ts';

let twin: Twin;
beforeEach(async () => {
  await twin?.close();
  twin = await startTwin({ buckets: [{ name: 'kept', versioning: 'Enabled' }, { name: 'plain' }] });
});
afterAll(() => twin.close());

describe.each(BOTH)('versions in the $name dialect', ({ send, prefix, name }) => {
  const put = async (body: string): Promise<string> =>
    (await send(twin, { method: 'PUT', bucket: 'kept', key: 'k', body })).headers[`${prefix}version-id`]!;

  it('are returned by id, only where versioning was ever on', async () => {
    const [one, two] = [await put('one'), await put('two')];
    expect(one).not.toBe(two);
    expect((await send(twin, { method: 'GET', bucket: 'kept', key: 'k' })).body).toBe('two');
    expect((await send(twin, { method: 'GET', bucket: 'kept', key: 'k', query: { versionId: one } })).body).toBe('one');
    const plain = await send(twin, { method: 'PUT', bucket: 'plain', key: 'k', body: 'x' });
    expect(plain.headers[`${prefix}version-id`]).toBeUndefined();
    const none = await send(twin, { method: 'GET', bucket: 'kept', key: 'k', query: { versionId: 'none' } });
    expect([none.status, none.xml('Code')]).toEqual([404, 'NoSuchVersion']);
  });

  it('end in a delete marker: 404, or 405 when it is asked for by name', async () => {
    const one = await put('one');
    const deleted = await send(twin, { method: 'DELETE', bucket: 'kept', key: 'k' });
    const marker = deleted.headers[`${prefix}version-id`]!;
    expect([deleted.status, deleted.headers[`${prefix}delete-marker`]]).toEqual([204, 'true']);
    const gone = await send(twin, { method: 'GET', bucket: 'kept', key: 'k' });
    expect([gone.status, gone.headers[`${prefix}delete-marker`]]).toEqual([404, 'true']);
    expect((await send(twin, { method: 'HEAD', bucket: 'kept', key: 'k', query: { versionId: marker } })).status).toBe(
      405,
    );
    await send(twin, { method: 'DELETE', bucket: 'kept', key: 'k', query: { versionId: marker } });
    expect((await send(twin, { method: 'GET', bucket: 'kept', key: 'k' })).body).toBe('one');
    await send(twin, { method: 'DELETE', bucket: 'kept', key: 'k', query: { versionId: one } });
    expect(twin.store.versions('kept', 'k')).toEqual([]);
  });

  it('are copied by id; a delete marker is not', async () => {
    const one = await put('one');
    await put('two');
    const copy = (version: string): Parameters<typeof send>[1] => ({
      method: 'PUT',
      bucket: 'plain',
      key: 'k',
      headers: { [`${prefix}copy-source`]: `/kept/k${version}` },
    });
    const copied = await send(twin, copy(`?versionId=${one}`));
    expect([copied.status, copied.headers[`${prefix}copy-source-version-id`]]).toEqual([200, one]);
    expect(String(await twin.store.bytes('plain', 'k'))).toBe('one');
    const marker = (await send(twin, { method: 'DELETE', bucket: 'kept', key: 'k' })).headers[`${prefix}version-id`]!;
    expect((await send(twin, copy(''))).status).toBe(404);
    const named = await send(twin, copy(`?versionId=${marker}`));
    expect([named.status, named.xml('EC')]).toEqual([400, name === 'oss' ? '0016-00000307' : undefined]);
  });

  it('stop growing when suspended: the null version is replaced', async () => {
    const one = await put('one');
    const body = '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>';
    await send(twin, { method: 'PUT', bucket: 'kept', query: { versioning: '' }, body });
    expect((await send(twin, { method: 'GET', bucket: 'kept', query: { versioning: '' } })).xml('Status')).toBe(
      'Suspended',
    );
    expect([await put('two'), await put('three')]).toEqual(['null', 'null']);
    expect(twin.store.versions('kept', 'k').map(({ versionId }) => versionId)).toEqual(['null', one]);
    await send(twin, { method: 'DELETE', bucket: 'kept', key: 'k' });
    const left = twin.store
      .versions('kept', 'k')
      .map(({ versionId, deleteMarker }) => [versionId, deleteMarker === true]);
    expect(left).toEqual([
      ['null', true],
      [one, false],
    ]);
  });

  it('are listed newest first, page by page', async () => {
    const ids = [await put('one'), await put('two'), await put('three')].reverse();
    await twin.store.put('kept', 'other', { body: 'x' });
    const page = (query: Record<string, string>) =>
      send(twin, { method: 'GET', bucket: 'kept', query: { versions: '', 'max-keys': '2', ...query } });
    const first = await page({});
    expect([...first.body.matchAll(/<VersionId>([^<]+)</g)].map((found) => found[1])).toEqual(ids.slice(0, 2));
    const marker = {
      'key-marker': first.xml('NextKeyMarker')!,
      'version-id-marker': first.xml('NextVersionIdMarker')!,
    };
    const second = await page(marker);
    expect([...second.body.matchAll(/<Key>([^<]+)</g)].map((found) => found[1])).toEqual(['k', 'other']);
    expect(second.xml('IsTruncated')).toBe('false');
  });
});
