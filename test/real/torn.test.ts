import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytes, MiB, unique } from '../contract/store/target.ts';
import { isPartCopy, type Passed } from './servers/proxy.ts';
import { isSkipped } from './servers/server.ts';
import { openStage, putObject, sha256, url, type Stage } from './stage.ts';

const size = 30 * MiB;
const one = bytes(size);
const other = Buffer.from(one.map((byte) => byte ^ 0xff));
const isComplete = ({ method, query }: Passed): boolean => method === 'POST' && query.has('uploadId');

/** HEAD tells times in whole seconds: what happens within one second of the first write has its time, too. */
const nextSecond = (): Promise<void> => sleep(1100);

describe.each(inject('servers'))('a source that is overwritten while it is copied on $kind', (server) => {
  if (isSkipped(server)) {
    it.skip(server.why);
    return;
  }
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(server);
  });
  afterAll(() => stage?.close());

  /** Copies `one` by six parts, and attacks when the request that `when` picks is about to pass, for the `nth` time. */
  const attack = async (when: (request: Passed) => boolean, nth: number, strike: (ref: Ref) => Promise<unknown>) => {
    const source = { bucket: stage.bucket, key: unique('torn') };
    const destination = { bucket: stage.backup, key: unique('copy') };
    const { sha256: before } = await putObject(stage, source, one);
    let seen = 0;
    stage.proxy.intervene = async (request) => {
      if (when(request) && ++seen === nth) await strike(source);
    };
    const how = ['--part-size', '5MiB', '--concurrency', '1'];
    const run = await stage.ferry('cp', url(source), url(destination), ...how);
    stage.proxy.intervene = () => Promise.resolve();
    expect(seen, run.text).toBeGreaterThanOrEqual(nth);
    expect(await stage.store.listUploads(destination)).toEqual([]);
    return { ...run, destination, before };
  };
  const overwrite = (ref: Ref) => putObject(stage, ref, other);

  it.each([2, 4, 6])('before part %i: SourceChanged, and no destination', async (nth) => {
    const { code, documents, text, destination } = await attack(isPartCopy, nth, overwrite);
    expect(code, text).toBe(1);
    expect(documents.at(-1)?.error?.code, text).toBe('SourceChanged');
    await expect(stage.store.head(destination)).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('before Complete, when all parts were copied: the destination is the old version, whole', async () => {
    const { text, destination, before } = await attack(isComplete, 1, overwrite);
    expect(await sha256(stage.store, destination), text).toBe(before);
  });

  it('and put back again before the worker looks: SourceChanged, and no destination', async () => {
    let source: Ref | undefined;
    const { code, documents, text, destination } = await attack(
      (request) => isPartCopy(request) && ['3', '4'].includes(request.query.get('partNumber') ?? ''),
      1,
      async (ref) => {
        source = ref;
        await nextSecond();
        await putObject(stage, ref, other);
        restoreAt(stage, 4, () => putObject(stage, ref, one));
      },
    );
    expect(source).toBeDefined();
    expect(code, text).toBe(1);
    expect(documents.at(-1)?.error?.code, text).toBe('SourceChanged');
    await expect(stage.store.head(destination)).rejects.toMatchObject({ code: 'NotFound' });
  });
});

type Ref = { bucket: string; key: string };

/** From now on: right before this part is copied, once. */
function restoreAt(stage: Stage, part: number, restore: () => Promise<unknown>): void {
  let done = false;
  stage.proxy.intervene = async (request) => {
    if (done || !isPartCopy(request) || request.query.get('partNumber') !== String(part)) return;
    done = true;
    await restore();
  };
}
