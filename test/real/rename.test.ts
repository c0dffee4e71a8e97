import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bytes, MiB, unique } from '../contract/store/target.ts';
import type { Passed } from './servers/proxy.ts';
import { isSkipped } from './servers/server.ts';
import { openStage, putLarge, putObject, sha256, url, type Stage } from './stage.ts';

const one = bytes(12 * MiB);
const other = bytes(7 * MiB);

describe.each(inject('servers'))('rename on $kind', (server) => {
  if (isSkipped(server)) {
    it.skip(server.why);
    return;
  }
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(server);
  });
  afterAll(() => stage?.close());

  const names = () => ({
    source: { bucket: stage.bucket, key: unique('a + ü') },
    destination: { bucket: stage.bucket, key: unique('renamed') },
  });

  it('moves an object by parts and removes the source', async () => {
    const { source, destination } = names();
    const { sha256: before } = await putObject(stage, source, one);
    const { code, documents, text } = await stage.ferry('mv', url(source), url(destination), '--part-size', '5MiB');
    expect(code, text).toBe(0);
    expect(documents, text).toMatchObject([{ status: 'moved', sourceRemoved: true }]);
    expect(await sha256(stage.store, destination)).toBe(before);
    await expect(stage.store.head(source)).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('takes parts where the store refuses to copy so much in one call', async () => {
    const { source, destination } = names();
    const large = await putLarge(stage, source, { parts: 9, partSize: 16 * MiB });
    const { code, documents, text } = await stage.ferry('mv', url(source), url(destination));
    expect(code, text).toBe(0);
    const way = stage.quirks.copyLimit === undefined ? 'direct' : 'parts';
    expect(documents, text).toMatchObject([{ status: 'moved', way, sourceRemoved: true }]);
    expect(await sha256(stage.store, destination)).toBe(large.sha256);
  });

  /** Overwrites the source right before the first request on it that follows a finished write of the destination. */
  const changeBeforeDelete = (source: { bucket: string; key: string }, asksFor: (request: Passed) => boolean) => {
    let struck = false;
    stage.proxy.passed.length = 0;
    stage.proxy.intervene = async (request) => {
      const written = stage.proxy.passed.some(
        (earlier) => earlier !== request && wrote(earlier) && earlier.status === 200,
      );
      if (struck || !written || !names2(request, source.key) || !asksFor(request)) return;
      struck = true;
      await putObject(stage, source, other);
    };
    return () => struck;
  };

  it.each([
    ['in one call', []],
    ['by parts', ['--part-size', '5MiB']],
  ])('keeps both when the source changes before it is deleted, %s', async (_, how) => {
    const { source, destination } = names();
    const { sha256: before } = await putObject(stage, source, one);
    const struck = changeBeforeDelete(source, () => true);
    const { code, documents, text } = await stage.ferry('mv', url(source), url(destination), ...how);
    stage.proxy.intervene = () => Promise.resolve();
    expect(struck(), text).toBe(true);
    expect(code, text).toBe(1);
    expect(documents.at(-1)?.error, text).toMatchObject({
      code: 'SourceChanged',
      message: expect.stringContaining('kept'),
    });
    expect(await sha256(stage.store, destination)).toBe(before);
    expect((await stage.store.head(source)).size).toBe(other.length);
  });

  it('keeps both even when the source changes between the look and the delete, where DELETE takes a condition', async () => {
    const { source, destination } = names();
    await putObject(stage, source, one);
    const struck = changeBeforeDelete(source, ({ method }) => method === 'DELETE');
    const { code, text } = await stage.ferry('mv', url(source), url(destination));
    stage.proxy.intervene = () => Promise.resolve();
    expect(struck(), text).toBe(true);
    const there = stage.store.head(source);
    if (stage.quirks.ignoresPinOnDelete) {
      // Nothing can close this gap on such a server; the copy that was asked for is safe.
      await expect(there).rejects.toMatchObject({ code: 'NotFound' });
      return;
    }
    expect(code, text).toBe(1);
    expect((await there).size).toBe(other.length);
  });
});

const wrote = ({ method, query, headers }: Passed): boolean =>
  (method === 'POST' && query.has('uploadId')) ||
  (method === 'PUT' && !query.has('uploadId') && 'x-amz-copy-source' in headers);

const names2 = ({ url: path }: Passed, key: string): boolean =>
  decodeURIComponent(path.split('?')[0] ?? '').endsWith(key);
