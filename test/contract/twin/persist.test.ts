import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { oss } from './raw.ts';

let data: string;
let twin: Twin;
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'twin-'));
  twin = await startTwin({ data, buckets: [{ name: 'a' }, { name: 'kept', versioning: 'Enabled' }] });
});
afterEach(async () => {
  await twin.close();
  rmSync(data, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  await twin.close();
  twin = await startTwin({ data, buckets: [{ name: 'a' }] });
}

it('objects, versions, tags and bucket settings survive a restart', async () => {
  const headers = { 'x-oss-meta-content': 'text', 'x-oss-tagging': 't=1', 'content-type': 'text/x' };
  await oss(twin, { method: 'PUT', bucket: 'a', key: 'k ü', body: 'hello', headers });
  await oss(twin, {
    method: 'PUT',
    bucket: 'a',
    key: 'copy',
    headers: { 'x-oss-copy-source': `/a/${encodeURIComponent('k ü')}` },
  });
  await oss(twin, { method: 'PUT', bucket: 'kept', key: 'v', body: 'one' });
  await oss(twin, { method: 'PUT', bucket: 'kept', key: 'v', body: 'two' });
  await oss(twin, { method: 'DELETE', bucket: 'kept', key: 'v' });
  await twin.store.put('a', 'huge', { size: 2 ** 45, seed: 3, partSize: 2 ** 32 });
  twin.store.configure('a', { storageClass: 'STANDARD_IA' });
  await twin.store.put('a', 'gone', { body: 'x' });
  twin.store.delete('a', 'gone');
  const before = await Promise.all(['k ü', 'copy', 'huge'].map((key) => twin.store.head('a', key)));
  await restart();
  expect(await Promise.all(['k ü', 'copy', 'huge'].map((key) => twin.store.head('a', key)))).toEqual(before);
  expect(String(await twin.store.bytes('a', 'copy'))).toBe('hello');
  expect(twin.store.keys('a')).toEqual(['copy', 'huge', 'k ü']);
  expect(twin.store.versions('kept', 'v').map((version) => version.deleteMarker === true)).toEqual([
    true,
    false,
    false,
  ]);
  expect(twin.store.bucket('kept').settings.versioning).toBe('Enabled');
  expect(twin.store.bucket('a').settings.storageClass).toBe('STANDARD_IA');
});

it('uploads in progress survive and can be completed', async () => {
  const begun = await oss(twin, {
    method: 'POST',
    bucket: 'a',
    key: 'mp',
    query: { uploads: '' },
    headers: { 'x-oss-meta-a': '1' },
  });
  const uploadId = begun.xml('UploadId')!;
  await oss(twin, { method: 'PUT', bucket: 'a', key: 'mp', query: { partNumber: '1', uploadId }, body: 'part' });
  await restart();
  const done = await oss(twin, {
    method: 'POST',
    bucket: 'a',
    key: 'mp',
    query: { uploadId },
    headers: { 'x-oss-complete-all': 'yes' },
  });
  expect(done.status).toBe(200);
  expect([String(await twin.store.bytes('a', 'mp')), (await twin.store.head('a', 'mp'))?.meta]).toEqual([
    'part',
    { a: '1' },
  ]);
  await restart();
  expect([twin.store.keys('a'), twin.store.uploads('a')]).toEqual([['mp'], []]);
});

it('a journal cut short by a crash loses its last line only', async () => {
  await twin.store.put('a', 'k', { body: 'x' });
  await twin.close();
  appendFileSync(join(data, 'journal.jsonl'), '{"kind":"object","buck');
  await restart();
  expect(twin.store.keys('a')).toEqual(['k']);
});

it('bytes without a reference are deleted on the next start', async () => {
  await twin.store.put('a', 'k', { body: 'one' });
  await twin.store.put('a', 'k', { body: 'two' });
  expect(readdirSync(join(data, 'content'))).toHaveLength(2);
  await restart();
  expect(readdirSync(join(data, 'content'))).toHaveLength(1);
  expect(String(await twin.store.bytes('a', 'k'))).toBe('two');
});

it('a broken upload leaves nothing behind', async () => {
  const headers = { 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==' };
  expect((await oss(twin, { method: 'PUT', bucket: 'a', key: 'k', body: 'x', headers })).status).toBe(400);
  expect([readdirSync(join(data, 'content')), twin.store.keys('a')]).toEqual([[], []]);
});

it('a folder in use is refused; the lock of a process that is gone is not', async () => {
  await expect(startTwin({ data })).rejects.toThrow(/in use/);
  await twin.close();
  writeFileSync(join(data, 'lock'), String(spawnSync(process.execPath, ['--version']).pid));
  await restart();
  expect(twin.store.keys('a')).toEqual([]);
});
