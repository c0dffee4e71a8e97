import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../lib/runtime/embedded/open.ts';
import { Interrupted } from '../../../lib/runtime/embedded/open.ts';
import { until, useRig } from './rig.ts';

/** Parts of the only upload there is. */
const partsOf = (rig: Awaited<ReturnType<typeof useRig>>): number =>
  rig.twin.store.uploads('backup')[0]?.parts.length ?? 0;

describe('an interrupted run', () => {
  it('keeps what was copied; the same request goes on with it, in the same process', async () => {
    const rig = await useRig();
    rig.slow(20);
    const embedded = await rig.open();
    const request = await rig.large('a', 40, { concurrency: 4 });
    const stop = new AbortController();
    const running = embedded.run(request, { signal: stop.signal });
    const failed = expect(running).rejects.toBeInstanceOf(Interrupted);
    await until(() => partsOf(rig) >= 6);
    stop.abort();
    await failed;
    expect(rig.inFlight.now).toBe(0);
    expect(partsOf(rig)).toBeLessThan(40);

    const { result, job } = await embedded.run(request);
    expect(result).toMatchObject({ way: 'parts', parts: 40, verifiedBy: 'crc64' });
    expect(job?.state).toBe('done');
    expect(rig.twin.requests.count('UploadPartCopy')).toBe(40);
    expect(rig.uploads()).toBe(0);
  });

  it('begins nothing when it was stopped before', async () => {
    const rig = await useRig();
    const embedded = await rig.open();
    const request = await rig.large('a', 2);
    const stop = AbortSignal.abort();
    await expect(embedded.run(request, { signal: stop })).rejects.toMatchObject({
      name: 'Interrupted',
      jobId: undefined,
    });
    expect(rig.twin.requests.count()).toBe(0);
  });

  it('does not wait longer than the grace time for a store that does not answer', async () => {
    const rig = await useRig();
    rig.slow(3_600_000);
    const embedded = await rig.open({ graceMs: 50 });
    const stop = new AbortController();
    const running = embedded.run(await rig.large('a', 4), { signal: stop.signal });
    const failed = expect(running).rejects.toBeInstanceOf(Interrupted);
    await until(() => rig.inFlight.now === 4);
    stop.abort();
    await failed;
    await embedded.close();
  });
});

describe('another process', () => {
  it('takes over the jobs of one that ended in the middle, copies no part again, and tells how each ended', async () => {
    const rig = await useRig();
    rig.slow(20);
    const first = await rig.open();
    const lost = first.run(await rig.large('a', 40, { concurrency: 4 })).catch((error: unknown) => error);
    await until(() => partsOf(rig) >= 6);
    await first.close();
    await lost;
    expect(rig.uploads()).toBe(1);

    const second = await rig.open();
    const seen: Progress[] = [];
    const outcomes = await second.resume({ onProgress: (progress) => seen.push(progress) });
    expect(outcomes).toMatchObject([{ job: { state: 'done' }, result: { parts: 40, verifiedBy: 'crc64' } }]);
    expect(seen.at(-1)).toMatchObject({ state: 'done', partsDone: 40, parts: 40, bytesDone: 40 * 1024 ** 2 });
    expect(rig.twin.requests.count('UploadPartCopy')).toBe(40);
    expect(rig.uploads()).toBe(0);
    expect(await second.resume()).toEqual([]);
  });

  it('that wants the same copy at the same time waits for the one at work', async () => {
    const rig = await useRig();
    rig.slow(20);
    const [one, two] = [await rig.open(), await rig.open()];
    const request = await rig.large('a', 20);
    const first = one.run(request);
    await until(() => partsOf(rig) >= 2);
    const outcomes = await Promise.all([first, two.run(request)]);
    expect(outcomes.map(({ job }) => job?.state)).toEqual(['done', 'done']);
    expect(rig.twin.requests.count('UploadPartCopy')).toBe(20);
    expect(rig.twin.requests.count('CompleteMultipartUpload')).toBe(1);
    expect(await two.resume()).toEqual([]);
  });

  it('may cancel a job; its own process then says so', async () => {
    const rig = await useRig();
    rig.slow(20);
    const [one, two] = [await rig.open(), await rig.open()];
    const failed = expect(one.run(await rig.large('a', 60, { concurrency: 4 }))).rejects.toMatchObject({
      code: 'Cancelled',
    });
    await until(() => partsOf(rig) >= 2);
    const [job] = (await two.jobs({ states: ['copying'], limit: 2 })).jobs;
    expect((await two.cancel(job?.id ?? '')).landed).toBe(true);
    await failed;
    expect(rig.twin.store.keys('backup')).toEqual([]);
  });
});
