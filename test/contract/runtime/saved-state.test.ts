/**
 * A state folder that commit fa0f685 left behind, opened by this version: `test/fixtures/state/fa0f685.tar.gz`, with the folder
 * of the twin that it worked on. The program of that commit made it by these steps, each ended by a kill:
 *
 * 1. `ferry cp oss://photos/done oss://backup/done --part-size 1MiB`, to its end (16 parts).
 * 2. `ferry serve` with a rule from photos to backup: it took an event of `event`, which it did not come to replicate, and a
 *    text that is no event, which is a dead letter.
 * 3. `ferry cp oss://photos/half oss://backup/half --part-size 1MiB --concurrency 2`, killed between its 32 parts.
 * 4. `ferry batch run oss://photos/list/ oss://backup/list/ --page-size 10 --objects 2 --rate 50`, killed after two of its four
 *    pages. Its pace is a row among the jobs, as the versions before the table `shared` kept it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listBatches, readBatch } from '../../../lib/batch/index.ts';
import { readServeConfig } from '../../../lib/config/file.ts';
import { noLog } from '../../../lib/log.ts';
import type { Embedded } from '../../../lib/runtime/embedded/open.ts';
import { openEmbedded } from '../../../lib/runtime/embedded/open.ts';
import { openQueues } from '../../../lib/runtime/serve/queues.ts';
import { serve } from '../../../lib/runtime/serve/serve.ts';
import { systemClock } from '../../../lib/runtime/shared/system-clock.ts';
import { StateDatabase } from '../../../lib/state/database.ts';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { until } from './rig.ts';

/** What the saved folder says of the machine that it was made on. */
const saved = { url: 'http://127.0.0.1:39470', home: '/tmp/ferry-fa0f685/home', at: 1_796_004_625_000 };
const ids = { done: 'b05181e290d810bfbae2b121', half: 'fad4a64122abdf175f2d7df3', batch: '4ba469b1c42f4ad3aa760df6' };

const folder = mkdtempSync(join(tmpdir(), 'ferry-saved-'));
const home = join(folder, 'home');
/** The folder is opened a few seconds after its last process died, whenever this test runs: its rows expire. */
const lead = saved.at - Date.now();
const clock = { ...systemClock, now: () => Date.now() + lead };
let twin: Twin;
let embedded: Embedded | undefined;

beforeAll(async () => {
  execFileSync('tar', ['-xzf', 'test/fixtures/state/fa0f685.tar.gz', '-C', folder]);
  twin = await startTwin({ data: join(folder, 'twin'), clock: clock.now, ...keys });
  moveTo(twin.url);
});
afterAll(async () => {
  await embedded?.close();
  await twin.close();
  rmSync(folder, { recursive: true, force: true });
});

const keys = { accessKeyId: 'twin', secretAccessKey: 'twin-secret' };
const credentials = { oss: async () => keys };
const open = async (): Promise<Embedded> => (embedded = await openEmbedded({ home, clock, credentials }));

/** The twin listens elsewhere today, and the folder has another path. */
function moveTo(url: string): void {
  const moved = (text: string): string => text.replaceAll(saved.url, url).replaceAll(saved.home, home);
  const database = StateDatabase.openIn(home);
  for (const { id, body } of database.rows<{ id: string; body: string }>('SELECT id, body FROM jobs')) {
    database.rows('UPDATE jobs SET body = ? WHERE id = ?', moved(body), id);
  }
  database.close();
  for (const name of readdirSync(home, { recursive: true, encoding: 'utf8' })) {
    const file = join(home, name);
    if (/\.jsonl?$/.test(name)) writeFileSync(file, moved(readFileSync(file, 'utf8')));
  }
}

describe('a state folder of commit fa0f685', () => {
  it('lists its jobs, batch and dead letter, and no row that is none of them', async () => {
    const { world, batches, ...rest } = await open();
    const { jobs } = await world.state.list({ limit: 10 });
    expect(jobs.map(({ id, state }) => ({ id, state }))).toEqual([
      { id: ids.batch, state: 'copying' },
      { id: ids.half, state: 'copying' },
      { id: ids.done, state: 'done' },
    ]);
    expect(jobs.at(-1)?.result).toMatchObject({ way: 'parts', parts: 16, verifiedBy: 'crc64' });
    expect(await world.shared.get(`pace/batch/${ids.batch}`)).toMatchObject({ value: { kind: 'pace' } });
    expect((await listBatches(batches, { limit: 10 })).map(({ id }) => id)).toEqual([ids.batch]);
    expect(await readBatch(batches, ids.batch)).toMatchObject({ ended: false, objectsKnown: 40 });
    const { events } = openQueues({ world, batches, ...rest });
    expect(events.stats()).toMatchObject({ open: 1, dead: 1 });
    expect(events.listDead(10)).toMatchObject([
      { task: { kind: 'posted', body: '{"hello":"world"}' }, reason: 'unknown trigger: an object with hello' },
    ]);
  });

  it('resumes the job by parts and the batch, and copies nothing again that is there', async () => {
    const before = twin.store.uploads('backup')[0]?.parts.length ?? 0;
    expect(before).toBeGreaterThan(0);
    const outcomes = await embedded?.resume();
    expect(outcomes?.map(({ job, error }) => ({ id: job.id, state: job.state, error })).sort(byId)).toEqual([
      { id: ids.batch, state: 'done', error: undefined },
      { id: ids.half, state: 'done', error: undefined },
    ]);
    expect(twin.requests.count('UploadPartCopy')).toBe(32 - before);
    expect(twin.store.uploads('backup')).toEqual([]);
    expect(await twin.store.head('backup', 'half')).toMatchObject({
      crc64: (await twin.store.head('photos', 'half'))?.crc64,
      meta: { author: 'alice' },
    });
    const names = Array.from({ length: 40 }, (_, n) => `list/${n + 10}`);
    expect(twin.store.keys('backup')).toEqual(['done', 'half', ...names]);
    const tally = outcomes?.find(({ job }) => job.id === ids.batch)?.batch?.counts;
    expect(tally).toMatchObject({ entries: 40, counts: { copied: 40 } });
    // Of the two pages without a result, some objects had their copies before the kill.
    expect(twin.requests.count('CopyObject')).toBeLessThanOrEqual(20);
    await embedded?.close();
  });

  it('replicates the event that was taken and not done, and sends the dead letter again', async () => {
    const stores = { oss: { scheme: 'oss', endpoint: twin.url, region: 'cn-hangzhou' } };
    const rules = [{ name: 'backup', source: { bucket: 'photos' }, destination: { bucket: 'backup' } }];
    const config = readServeConfig(stringify({ port: 0, stores, defaultStore: 'oss', rules, sweepSeconds: 1 }), {});
    const serving = await serve({ serve: config, home, clock, credentials, log: noLog, insecureNoAuth: true });
    await until(() => twin.store.keys('backup').includes('event'));
    const other = await open();
    const { events } = openQueues(other);
    await until(() => events.stats().open === 0);
    expect(events.redrive()).toBe(1);
    await until(() => events.stats().dead === 1);
    expect(events.listDead(10)).toMatchObject([{ reason: expect.stringContaining('unknown trigger') as string }]);
    await serving.close();
  });
});

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1;
}
