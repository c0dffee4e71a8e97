/** Lists on the command line whose rows depend on one another, and moves onto objects: nothing is destroyed (I3). */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { bodiesOf, foresee, rowsOfAllShapes, wrongIn, type Row, type Told } from '../lists.ts';
import { documents, useRig, type Outcome } from './harness.ts';

const rig = useRig();
beforeEach(() => rig.twin.requests.reset());

let lists = 0;
const newName = () => `list-${++lists}`;
/** As a program of its own. */
const built = (...args: string[]): Promise<Outcome> => rig.start(...args).done;
const inProcess = (...args: string[]): Promise<Outcome> => rig.run(...args);

async function put(objects: ReadonlyMap<string, string>): Promise<void> {
  for (const [key, body] of objects) await rig.twin.store.put('photos', key, { body });
}

async function contents(prefix: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const key of rig.twin.store.keys('photos', prefix)) {
    found.set(key, (await rig.twin.store.bytes('photos', key)).toString());
  }
  return found;
}

/** Requests that change something. */
const writes = () => Object.keys(rig.twin.requests.counts).filter((name) => !/^(Head|Get|List)/.test(name));

interface Case {
  /** Arguments beside the mode. */
  args: string[];
  rows: Row[];
  /** Line of the first row; none where the source has no lines. */
  firstLine?: number;
  ferry?: typeof built;
}

/** Runs a list dry and in earnest: its words and the objects afterwards are what the oracle foresees. */
async function expectForeseen(
  mode: 'copy' | 'rename',
  prefix: string,
  { args, rows, firstLine, ferry = inProcess }: Case,
): Promise<void> {
  const before = await contents(prefix);
  const foreseen = foresee(mode, rows, before);
  const conflicts = foreseen.rows.filter(({ code }) => code === 'RowConflict').length;
  const flags = [...args, ...(mode === 'rename' ? ['--rename'] : []), '--json'];
  rig.twin.requests.reset();
  const dry = await ferry('batch', 'run', ...flags, '--dry-run');
  expect(writes()).toEqual([]);
  expect(dry.code, dry.stderr).toBe(conflicts > 0 ? 3 : 0);
  const [plan] = documents(dry.stdout) as { conflicts?: { rows: number; counts: Record<string, number> } }[];
  const { repeated = 0, ...stopping } = plan?.conflicts?.counts ?? {};
  expect(Object.values(stopping).reduce((sum, count) => sum + count, 0)).toBe(conflicts);
  expect(repeated).toBe(foreseen.counts['repeated'] ?? 0);
  expect(await contents(prefix)).toEqual(before);

  const home = join(rig.folder, newName());
  const run = await ferry('batch', 'run', ...flags, '--state', home, '--page-size', '2');
  expect(await contents(prefix)).toEqual(foreseen.after);
  const failed = foreseen.counts['failed'] ?? 0;
  expect(run.code, run.stderr).toBe(failed === 0 ? 0 : failed === rows.length ? 1 : 3);
  const [view] = documents(run.stdout) as { id: string; summary: { counts: object; failures: object } }[];
  expect(view?.summary.counts).toEqual(foreseen.counts);
  expect(view?.summary.failures).toMatchObject(conflicts > 0 ? { RowConflict: conflicts } : {});
  const report = documents(
    (await ferry('batch', 'report', view?.id ?? '', '--state', home)).stdout,
  ) as unknown as Told[];
  if (firstLine !== undefined) expect(wrongIn(report, foreseen, firstLine)).toEqual([]);
  for (const { error } of report)
    if (error?.code === 'RowConflict') expect(error.message).toMatch(/ of (the list|page)/);
}

describe.each(['rename', 'copy'] as const)('ferry batch run to %s', (mode) => {
  it.each(['csv', 'jsonl'] as const)('a list of every shape as %s destroys no object', async (format) => {
    const prefix = `${newName()}/`;
    const rows: Row[] = [...rowsOfAllShapes(prefix), [`${prefix}onto`, `${prefix}there`], [`${prefix}m`, `${prefix}n`]];
    await put(bodiesOf(rows));
    await rig.twin.store.put('photos', `${prefix}there`, { body: 'a person wrote this' });
    const lines =
      format === 'csv'
        ? ['key,destination', ...rows.map((row) => row.map((key) => `"${key}"`).join())]
        : rows.map(([key, destination]) => JSON.stringify({ key, destination }));
    const path = join(rig.folder, `${newName()}.${format}`);
    await writeFile(path, `${lines.join('\n')}\n`);
    const args = ['--manifest', path, '--scheme', 's3', '--bucket', 'photos'];
    const ferry = mode === 'rename' ? built : inProcess;
    await expectForeseen(mode, prefix, { args, rows, firstLine: format === 'csv' ? 2 : 1, ferry });
  });

  const patterns = {
    'keys that become one': { names: ['a.jpg', 'a.png', 'b.jpg'], pattern: '(.*)/([a-z]*)[.][a-z]*', to: '$1/$2' },
    'a chain': { names: ['k', 'kk', 'kkk'], pattern: '(.*)/(k+)', to: '$1/k$2' },
    'a chain, last row first': { names: ['kkk', 'kk', 'k'], pattern: '(.*)/(k+)', to: '$1/k$2' },
    'a swap': { names: ['xy', 'yx'], pattern: '(.*)/(.)(.)', to: '$1/$3$2' },
    'a cycle of three': { names: ['xyz', 'yzx', 'zxy'], pattern: '(.*)/(.)(..)', to: '$1/$3$2' },
    'a row listed twice': { names: ['a', 'b', 'a'], pattern: '(.*)/([ab])', to: '$1/to-$2' },
  };
  const mapped = (prefix: string, { names, pattern, to }: (typeof patterns)['a chain']) => {
    const place = to.replace(/^\$1/, '');
    return names.map((name): Row => {
      const from = `${prefix}${name}`;
      return [from, from.replace(new RegExp(`^${pattern}$`), to.replace(/^\$1.*/, `$1${place}`))];
    });
  };

  it.each(Object.entries(patterns))('an inventory of its own bucket with %s destroys no object', async (_, shape) => {
    const prefix = `${newName()}/`;
    const rows = mapped(prefix, shape);
    await put(bodiesOf(rows));
    const inventory = `${newName()}/manifest.json`;
    const data = rows.map(([key]) => `"photos","${encodeURIComponent(key)}"\n`).join('');
    await rig.twin.store.put('backup', `data/${inventory}.csv`, { body: data });
    const manifest = {
      sourceBucket: 'photos',
      destinationBucket: 'arn:aws:s3:::backup',
      fileFormat: 'CSV',
      fileSchema: 'Bucket, Key',
      version: '2016-11-30',
      files: [{ key: `data/${inventory}.csv`, size: data.length }],
    };
    await rig.twin.store.put('backup', inventory, { body: JSON.stringify(manifest) });
    const { pattern, to } = shape;
    const args = ['--inventory', `s3://backup/${inventory}`, '--key-pattern', pattern, '--key-to', to];
    await expectForeseen(mode, prefix, { args, rows });
  });

  it('a pattern that maps two keys of a prefix to one destroys no object', async () => {
    const prefix = `${newName()}/`;
    const rows: Row[] = ['a.jpg', 'a.png', 'b.jpg'].map((name) => [`${prefix}in/${name}`, `${prefix}out/${name[0]}`]);
    await put(bodiesOf(rows));
    const pattern = ['--key-pattern', '(.*)/in/([a-z]*)[.][a-z]*', '--key-to', '$1/out/$2'];
    await expectForeseen(mode, prefix, { args: [`s3://photos/${prefix}in/`, ...pattern], rows });
  });

  it.each(Object.entries(patterns).slice(1, 5))(
    'a pattern that makes %s in the prefix writes nothing',
    async (_, shape) => {
      const prefix = `${newName()}/`;
      const rows = mapped(prefix, shape);
      await put(bodiesOf(rows));
      const before = await contents(prefix);
      const { pattern, to } = shape;
      const args = [`s3://photos/${prefix}`, '--key-pattern', pattern, '--key-to', to];
      const run = await inProcess('batch', 'run', ...args, ...(mode === 'rename' ? ['--rename'] : []), '--json');
      expect(run.code).toBeGreaterThan(0);
      expect(run.stdout + run.stderr).toMatch(/RowConflict|lies in what is to be copied/);
      expect(await contents(prefix)).toEqual(before);
      expect(writes()).toEqual([]);
    },
  );
});

describe('ferry mv', () => {
  const body = async (key: string) => (await rig.twin.store.bytes('photos', key)).toString();

  it.each(['oss', 's3'])(
    'keeps the object at its destination on %s, and replaces it with --overwrite always',
    async (scheme) => {
      const prefix = `${newName()}/`;
      await put(new Map([`${prefix}a`, `${prefix}b`].map((key) => [key, key])));
      const line = ['mv', `${scheme}://photos/${prefix}a`, `${scheme}://photos/${prefix}b`];
      const refused = await built(...line);
      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/exists already and was not overwritten.*--overwrite always/) as string,
      });
      expect([await body(`${prefix}a`), await body(`${prefix}b`)]).toEqual([`${prefix}a`, `${prefix}b`]);
      expect((await built(...line, '--overwrite', 'always')).code).toBe(0);
      expect(await contents(prefix)).toEqual(new Map([[`${prefix}b`, `${prefix}a`]]));
    },
  );

  it('of a prefix to a prefix above it writes nothing when a name would meet a source', async () => {
    const prefix = `${newName()}/`;
    const keys = ['a/1', 'a/a/1', 'a/a/a/1', 'a/a/2', 'a/b/1'].map((name) => prefix + name);
    await put(new Map(keys.map((key) => [key, key])));
    const up = await built('mv', `oss://photos/${prefix}a/`, `oss://photos/${prefix}`);
    expect(up).toMatchObject({ code: 2, stderr: expect.stringContaining('lies in what is to be copied') as string });
    expect(writes()).toEqual([]);
  });

  it('of a prefix to a prefix above it moves all when no names meet', async () => {
    const prefix = `${newName()}/`;
    await put(new Map(['a/1', 'a/b/1'].map((name) => [prefix + name, name])));
    const up = await built('mv', `oss://photos/${prefix}a/`, `oss://photos/${prefix}`);
    expect(up.code, up.stderr).toBe(0);
    expect(await contents(prefix)).toEqual(new Map(['1', 'b/1'].map((name) => [prefix + name, `a/${name}`])));
  });

  it('of a prefix to a prefix below it writes nothing', async () => {
    const prefix = `${newName()}/`;
    const keys = ['a/1', 'a/b/1'].map((name) => prefix + name);
    await put(new Map(keys.map((key) => [key, key])));
    const down = await built('mv', `oss://photos/${prefix}a/`, `oss://photos/${prefix}a/b/`);
    expect(down).toMatchObject({ code: 2, stderr: expect.stringContaining('inside') as string });
    expect(writes()).toEqual([]);
  });

  it('of a prefix to one that holds other objects moves what finds its name free and keeps the rest', async () => {
    const prefix = `${newName()}/`;
    const keys = ['a/1', 'a/2', 'a/3', 'b/2', 'b/4'].map((name) => prefix + name);
    await put(new Map(keys.map((key) => [key, key])));
    const onto = await built('mv', `s3://photos/${prefix}a/`, `s3://photos/${prefix}b/`);
    expect(onto.code, onto.stderr).toBe(3);
    expect(onto.stdout).toMatch(/moved 2 objects.*1 failed \(1 DestinationExists\)/);
    expect(Object.fromEntries(await contents(prefix))).toEqual(
      Object.fromEntries(
        ['b/1 a/1', 'a/2 a/2', 'b/3 a/3', 'b/2 b/2', 'b/4 b/4'].map((pair) =>
          pair.split(' ').map((name) => prefix + name),
        ),
      ),
    );
  });
});
