/** Two batches at once on a real server, whose lists have the same destinations: no object is destroyed (I3). */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { BatchView } from '../../lib/batch/index.ts';
import {
  bodiesOf,
  foresee,
  rivals,
  rowsOfAllShapes,
  wrongAfterRivals,
  wrongIn,
  type Row,
  type Told,
} from '../contract/lists.ts';
import { contentsBelow, inTurn } from './contents.ts';
import { MiB } from '../contract/store/target.ts';
import { isSkipped } from './servers/server.ts';
import { openStage, type Stage } from './stage.ts';

describe.each(inject('servers'))('lists on $kind', (server) => {
  if (isSkipped(server)) {
    it.skip(server.why);
    return;
  }
  let stage: Stage;
  let folder: string;
  beforeAll(async () => {
    stage = await openStage(server);
    folder = await mkdtemp(join(tmpdir(), 'ferry-lists-'));
  });
  afterAll(async () => {
    await stage?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const digest = (body: string) => createHash('sha256').update(body).digest('hex');

  /** Writes the objects; returns the digests of their contents. */
  async function put(bodies: ReadonlyMap<string, string>): Promise<Map<string, string>> {
    await inTurn(bodies, async ([key, body]) => {
      await stage.store.putObject({ bucket: stage.bucket, key }, Buffer.from(body));
    });
    return new Map([...bodies].map(([key, body]) => [key, digest(body)]));
  }

  const contents = (prefix: string) => contentsBelow(stage.store, stage.bucket, prefix);

  async function listFile(name: string, rows: readonly Row[]): Promise<string[]> {
    const path = join(folder, name);
    await writeFile(path, `key,destination\n${rows.map((row) => row.map((key) => `"${key}"`).join()).join('\n')}\n`);
    return ['--manifest', path, '--scheme', 's3', '--bucket', stage.bucket];
  }

  const report = async (id: string) => (await stage.ferry('batch', 'report', id)).documents as unknown as Told[];

  it.each(['rename', 'copy'] as const)('a list of every shape, to %s, destroys no object', async (mode) => {
    const rows = rowsOfAllShapes(`${mode}/`);
    const before = await put(bodiesOf(rows));
    const foreseen = foresee(mode, rows, before);
    const how = mode === 'rename' ? ['--rename'] : [];
    const run = await stage.ferry('batch', 'run', ...(await listFile(`${mode}.csv`, rows)), ...how);
    expect(await contents(`${mode}/`)).toEqual(foreseen.after);
    expect(run.code, run.text).toBe(3);
    const view = run.documents[0] as unknown as BatchView;
    expect(view.counts.counts).toEqual(foreseen.counts);
    expect(wrongIn(await report(view.id), foreseen, 2)).toEqual([]);
  });

  it('two processes with the same destinations: one wins each, the other says so and keeps its source', async () => {
    const prefix = 'rivals/';
    const lists = rivals(prefix, 200);
    const bodies = bodiesOf(lists.flat());
    // A few in parts.
    for (const [key] of lists.flat()) if (/\/(7|77|177)$/.test(key)) bodies.set(key, key.padEnd(12 * MiB, key));
    const before = await put(bodies);
    // Swift makes a bucket for parts at the first upload into a bucket, and a second upload at that moment meets NoSuchBucket.
    const first = { bucket: stage.bucket, key: 'first-upload' };
    const { uploadId } = await stage.store.initiate({ destination: first, content: {}, userMetadata: {}, tags: {} });
    await stage.store.abort(first, uploadId);
    const flags = ['--rename', '--part-size', '5MiB', '--page-size', '50'];
    const running = [];
    for (const [n, rows] of lists.entries()) {
      running.push(stage.start('batch', 'run', ...(await listFile(`rivals-${n}.csv`, rows)), ...flags));
    }
    const ends = await Promise.all(running.map(({ finished }) => finished));
    const told: Told[][] = [];
    for (const { documents, text } of ends) {
      const view = documents[0] as unknown as BatchView | undefined;
      expect(view, text).toBeDefined();
      told.push(await report(view?.id ?? ''));
    }
    expect(wrongAfterRivals(lists, told, before, await contents(prefix))).toEqual([]);
    const won = told.map((lines) => lines.filter(({ status }) => status === 'renamed').length);
    console.log(`${server.kind}: destinations won by each of two batches`, won);
  });
});
