/** Changes of metadata on objects with tags, which Ceph drops when metadata is replaced. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ObjectRef } from '../../lib/copy/model/object.ts';
import { bytes, MiB, unique } from '../contract/store/target.ts';
import type { Finished } from './ferry.ts';
import { isSkipped } from './servers/server.ts';
import { openStage, putObject, url, type Stage } from './stage.ts';

const servers = inject('servers').filter(({ kind }) => kind !== 'swift');
const tags = { team: 'blue', 'a key': 'plus + space' };

describe.each(servers)('metadata of tagged objects on $kind', (server) => {
  if (isSkipped(server)) {
    it.skip(server.why);
    return;
  }
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(server);
  });
  afterAll(() => stage?.close());

  const tagged = async (size = 100): Promise<ObjectRef> => {
    const ref = { bucket: stage.bucket, key: unique('in place') };
    await putObject(stage, ref, bytes(size));
    await stage.store.putTags(ref, tags);
    await stage.store.putAcl(ref, { canned: 'public-read' });
    return ref;
  };

  it.each([
    ['metadata', ['--set', 'x=y'], tags, 'attributes'],
    ['metadata and a tag', ['--set', 'x=y', '--tag', 'c=3'], { ...tags, c: '3' }, 'attributes'],
    ['a header', ['--content-type', 'text/plain'], tags, 'header'],
    ['metadata of many parts', ['--set', 'x=y', '--part-size', '5MiB'], tags, 'attributes'],
  ])('keeps tags and ACL when %s changes', async (_what, flags, due, changes) => {
    const ref = await tagged(flags.includes('--part-size') ? 12 * MiB : 100);
    const { code, documents, text } = await stage.ferry('meta', url(ref), ...flags);
    expect(code, text).toBe(0);
    expect(documents, text).toMatchObject([{ lost: [] }]);
    const head = await stage.store.head(ref);
    if (changes === 'header') expect(head.content.contentType).toBe('text/plain');
    else expect(head.userMetadata).toMatchObject({ x: 'y' });
    expect(await stage.store.getTags(ref)).toEqual(due);
    expect((await stage.store.getAcl(ref)).canned).toBe('public-read');
  });

  it('keeps the tags of every object of a batch', async () => {
    const prefix = unique('batch');
    const refs = [1, 2, 3].map((n) => ({ bucket: stage.bucket, key: `${prefix}/${n}` }));
    for (const ref of refs) {
      await putObject(stage, ref, bytes(10));
      await stage.store.putTags(ref, tags);
    }
    const prefixUrl = `${url({ bucket: stage.bucket, key: prefix })}/`;
    const { code, text } = await stage.ferry('batch', 'run', prefixUrl, '--in-place', '--meta', 'x=y');
    expect(code, text).toBe(0);
    for (const ref of refs) {
      expect((await stage.store.head(ref)).userMetadata).toEqual({ x: 'y' });
      expect(await stage.store.getTags(ref)).toEqual(tags);
    }
  });

  /** Freezes `ferry` at its nth request, lets the server do what it asks, and kills it. Undefined when it has ended before. */
  const killAt = async (n: number, args: string[]): Promise<Finished | undefined> => {
    const running = stage.start(...args);
    let seen = 0;
    stage.proxy.intervene = (request) => {
      seen += 1;
      if (seen !== n) return Promise.resolve();
      running.freeze();
      void (async () => {
        while (request.status === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
        running.kill();
      })();
      return Promise.resolve();
    };
    const run = await running.finished;
    stage.proxy.intervene = () => Promise.resolve();
    return run.code === null ? run : undefined;
  };

  it('keeps tags and ACL of a change that is killed at any request and resumed', async () => {
    let n = 1;
    for (; ; n += 1) {
      const ref = await tagged();
      const killed = await killAt(n, ['meta', url(ref), '--set', 'x=y', '--tag', 'c=3']);
      if (!killed) break;
      const resumed = await stage.ferry('resume');
      expect(resumed.code, resumed.text).toBe(0);
      const isChanged = (await stage.store.head(ref)).userMetadata['x'] === 'y';
      const due = isChanged ? { ...tags, c: '3' } : tags;
      expect(await stage.store.getTags(ref), `killed at request ${n}`).toEqual(due);
      expect((await stage.store.getAcl(ref)).canned, `killed at request ${n}`).toBe('public-read');
    }
    expect(n).toBeGreaterThan(4);
  });
});
