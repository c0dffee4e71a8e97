/** Lists with conflicts whose process is killed again and again, and lists that two processes work on at once (I3). */
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TwinQuirks } from '../../../lib/twin/options.ts';
import { bodiesOf, foresee, longList, rivals, wrongAfterRivals, wrongIn, type Row, type Told } from '../lists.ts';
import { documents, MiB, useRig, type Outcome, type Rig, type Running } from './harness.ts';

async function writeList(rig: Rig, name: string, rows: readonly Row[]): Promise<string[]> {
  const path = join(rig.folder, name);
  await writeFile(path, `key,destination\n${rows.map((row) => row.map((key) => `"${key}"`).join()).join('\n')}\n`);
  return ['--manifest', path, '--scheme', 's3', '--bucket', 'photos'];
}

async function contents({ twin }: Rig, prefix: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const key of twin.store.keys('photos', prefix)) {
    found.set(key, (await twin.store.bytes('photos', key)).toString('latin1'));
  }
  return found;
}

async function report(rig: Rig, home: string, id: string): Promise<Told[]> {
  return documents((await rig.run('batch', 'report', id, '--state', home)).stdout) as unknown as Told[];
}

interface View {
  id: string;
  summary: { counts: object; failures: object };
}

/** Kills the process when `isTime`; fails when it has ended before. */
async function killWhen({ child, done }: Running, isTime: () => boolean): Promise<void> {
  let ended = false;
  void done.then(() => (ended = true));
  while (!ended && !isTime()) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill('SIGKILL');
  const { code, stdout, stderr } = await done;
  expect(code, stdout + stderr).toBe(null);
}

const stores: Record<string, TwinQuirks> = {
  'a store that can refuse to overwrite': {},
  'a store that ignores If-None-Match on CopyObject': { copyIfNoneMatch: 'ignored' },
  'a store that refuses If-None-Match on CopyObject': { copyIfNoneMatch: 'refused' },
};

describe.each(Object.entries(stores))('on %s', (_, quirks) => {
  const rig = useRig({ quirks });

  // The condition matters to renames alone; and the third store differs in one answer only, which the next test gets too.
  const modes = { ignored: ['rename'], refused: [] } as const;
  it.each(quirks.copyIfNoneMatch ? modes[quirks.copyIfNoneMatch] : (['rename', 'copy'] as const))(
    'a %s of 3,000 rows that is killed ten times does what an oracle foresees',
    async (mode) => {
      const prefix = `${mode}/`;
      const rows = longList(prefix, 3_000);
      const before = bodiesOf(rows);
      for (const [key, body] of before) await rig.twin.store.put('photos', key, { body });
      const foreseen = foresee(mode, rows, before);
      const home = join(rig.folder, `killed-${mode}`);
      const flags = [...(await writeList(rig, `${mode}.csv`, rows)), ...(mode === 'rename' ? ['--rename'] : [])];
      const work = join(home, 'batches');
      const start = (first: boolean) =>
        first
          ? rig.start('batch', 'run', ...flags, '--state', home, '--page-size', '20', '--objects', '4')
          : rig.start('resume', '--yes', '--state', home);
      rig.twin.faults.add({ match: { operation: 'CopyObject' }, effect: { kind: 'latency', ms: 20 } });
      rig.twin.requests.reset();
      const copies = () => rig.twin.requests.count('CopyObject');
      const hasWritten = (folder: string) => () =>
        existsSync(work) && readdirSync(work, { recursive: true }).some((name) => String(name).includes(folder));
      // While it reads the list, while it checks it, and then while it copies.
      await killWhen(start(true), hasWritten('/pages/'));
      await killWhen(start(false), hasWritten('/check/'));
      // A page that is under way in three dead processes is set aside as their likely cause, so each gets past some pages.
      const finished = () =>
        readdirSync(work, { recursive: true }).filter((name) => /results.*jsonl$/.test(String(name))).length;
      for (let kills = 2; kills < 10; kills += 1) {
        const goal = { pages: finished() + 8, copies: copies() + Math.floor(Math.random() * 250) };
        await killWhen(start(false), () => copies() >= goal.copies && finished() >= goal.pages);
      }
      rig.twin.faults.clear();
      const end: Outcome = await rig.run('resume', '--yes', '--state', home, '--json');
      expect(end.code, end.stderr).toBe(3);
      const [view] = documents(
        (await rig.run('batch', 'status', '--state', home, '--json')).stdout,
      ) as unknown as View[];
      expect(wrongIn(await report(rig, home, view?.id ?? ''), foreseen, 2)).toEqual([]);
      const shown = await rig.run('batch', 'status', view?.id ?? '', '--state', home, '--json');
      const conflicts = foreseen.rows.filter(({ code }) => code === 'RowConflict').length;
      expect(documents(shown.stdout)[0]).toMatchObject({
        summary: { entries: rows.length, counts: foreseen.counts, failures: { RowConflict: conflicts } },
      });
      expect(await contents(rig, prefix)).toEqual(foreseen.after);
    },
    600_000,
  );

  it('two processes whose lists have the same destinations: one wins each, the other says so and keeps its source', async () => {
    const prefix = 'rivals/';
    const lists = rivals(prefix, 200);
    const before = bodiesOf(lists.flat());
    // A few in parts.
    for (const [key] of lists.flat()) if (/\/(7|77|177)$/.test(key)) before.set(key, key.padEnd(12 * MiB, key));
    for (const [key, body] of before) await rig.twin.store.put('photos', key, { body });
    rig.twin.faults.add({ match: { operation: 'CopyObject' }, effect: { kind: 'latency', ms: 20 } });
    const home = join(rig.folder, 'rivals');
    const flags = ['--rename', '--state', home, '--part-size', '5MiB', '--page-size', '50', '--json'];
    const running: Running[] = [];
    for (const [n, rows] of lists.entries()) {
      running.push(rig.start('batch', 'run', ...(await writeList(rig, `rivals-${n}.csv`, rows)), ...flags));
    }
    const ends = await Promise.all(running.map(({ done }) => done));
    rig.twin.faults.clear();
    const views = ends.map(({ stdout, stderr }) => {
      const [view] = documents(stdout) as unknown as View[];
      expect(view, stderr).toBeDefined();
      return view;
    });
    const told = [];
    for (const view of views) told.push(await report(rig, home, view?.id ?? ''));
    expect(wrongAfterRivals(lists, told, before, await contents(rig, prefix))).toEqual([]);
    for (const { code, stderr } of ends) expect([0, 1, 3], stderr).toContain(code);
  }, 300_000);
});
