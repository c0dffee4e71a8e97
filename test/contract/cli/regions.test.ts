/** Buckets in two regions of a store that serves none but requests for the right one, as S3 and OSS do. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { documents, MiB, until, useRig } from './harness.ts';

const rig = useRig({
  buckets: [
    { name: 'photos', region: 'ap-southeast-1' },
    { name: 'backup', region: 'eu-west-1' },
    { name: 'near', region: 'ap-southeast-1' },
    { name: 'work', region: 'us-west-2' },
  ],
  quirks: { checkRegion: true },
});
const transfer = { from: 'ap-southeast-1', to: 'eu-west-1' };
const way = 'ap-southeast-1 -> eu-west-1';
const GiB = 1024 * MiB;

beforeEach(() => {
  for (const bucket of ['photos', 'backup', 'near', 'work'])
    for (const key of rig.twin.store.keys(bucket)) rig.twin.store.delete(bucket, key);
  rig.twin.requests.reset();
});

/** Requests that were sent to the wrong region. */
const astray = (): number =>
  rig.twin.requests.all().filter(({ code }) => /Redirect|AccessDenied/.test(code ?? '')).length;
const served = (operation: string): number =>
  rig.twin.requests.all().filter((one) => one.operation === operation && one.status < 300).length;

async function fill(count: number, prefix: string): Promise<void> {
  for (let n = 0; n < count; n += 1)
    await rig.twin.store.put('photos', `${prefix}${String(n).padStart(4, '0')}`, {
      body: `body ${n}`,
      meta: { n: `${n}` },
    });
}

describe('a copy between two regions of S3', () => {
  it.each(['us-east-1', 'ap-southeast-1', 'eu-west-1'])('needs no setting: with --region %s', async (region) => {
    await rig.twin.store.put('photos', 'a.txt', { body: 'hello', meta: { author: 'alice' } });
    const run = await rig.run('cp', 's3://photos/a.txt', 's3://backup/a.txt', '--region', region, '--json');
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(documents(run.stdout)).toMatchObject([{ status: 'copied', lost: [], transfer }]);
    expect(await rig.twin.store.head('backup', 'a.txt')).toMatchObject({ meta: { author: 'alice' } });
    expect(astray()).toBe(region === 'us-east-1' ? 2 : 1);
  });

  it('says between which regions, and nothing of regions inside one', async () => {
    await rig.twin.store.put('photos', 'a.txt', { body: 'hello' });
    const far = await rig.run('cp', 's3://photos/a.txt', 's3://backup/a.txt');
    expect(far.stdout).toContain('from ap-southeast-1 to eu-west-1');
    const near = await rig.run('cp', 's3://photos/a.txt', 's3://near/a.txt', '--json');
    expect(near.code).toBe(0);
    expect(near.stdout).not.toContain('transfer');
  });

  it('moves an object, and removes the source where that is', async () => {
    await rig.twin.store.put('photos', 'a.txt', { body: 'hello' });
    const run = await rig.run('mv', 's3://photos/a.txt', 's3://backup/a.txt', '--json');
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(documents(run.stdout)).toMatchObject([{ status: 'moved', sourceRemoved: true, transfer }]);
    expect([rig.twin.store.keys('photos'), rig.twin.store.keys('backup')]).toEqual([[], ['a.txt']]);
  });

  it('copies 2 GiB in parts within the budget of requests', async () => {
    await rig.twin.store.put('photos', 'big.bin', { size: 2 * GiB });
    const run = await rig.run('cp', 's3://photos/big.bin', 's3://backup/big.bin', '--part-size', '64MiB', '--json');
    expect(run.code).toBe(0);
    expect(documents(run.stdout)).toMatchObject([{ way: 'parts', parts: 32, size: 2 * GiB, transfer }]);
    expect(await rig.twin.store.head('backup', 'big.bin')).toMatchObject({ size: 2 * GiB });
    const wanted = {
      HeadObject: 3,
      InitiateMultipartUpload: 1,
      UploadPartCopy: 32,
      ListParts: 1,
      CompleteMultipartUpload: 1,
    };
    expect(Object.fromEntries(Object.keys(wanted).map((name) => [name, served(name)]))).toEqual(wanted);
    expect(astray()).toBe(2);
    // 38, and one that asks for annotations.
    expect(rig.twin.requests.count()).toBe(39 + 2);
  });

  it('copies 1,000 small objects with one request astray for each bucket and worker', async () => {
    await fill(1000, 'many/');
    const run = await rig.run('cp', '-r', 's3://photos/many/', 's3://backup/many/', '--json');
    expect(run.code).toBe(0);
    const copies = documents(run.stdout);
    expect(copies).toHaveLength(1000);
    expect(copies.every((one) => JSON.stringify(one['transfer']) === JSON.stringify(transfer))).toBe(true);
    expect(rig.twin.store.keys('backup', 'many/')).toHaveLength(1000);
    expect([served('HeadObject'), served('CopyObject')]).toEqual([1000, 1000]);
    // Those that were on their way before the first answer.
    expect(astray()).toBeLessThanOrEqual(1 + 64);
  });

  it('of a prefix sums up what crossed, and what that costs', async () => {
    await rig.twin.store.put('photos', 'sum/big.bin', { size: GiB });
    const run = await rig.run('cp', '-r', 's3://photos/sum/', 's3://backup/sum/');
    expect(run.stdout).toMatch(/1\.00 GiB from ap-southeast-1 to eu-west-1 \(about 0\.090\d* USD for the transfer\)/);
  });

  it('is planned with its transfer and the price of it, and nothing is written', async () => {
    await rig.twin.store.put('photos', 'in/big.bin', { size: 2 * GiB });
    const one = await rig.run('cp', 's3://photos/in/big.bin', 's3://backup/big.bin', '--dry-run', '--json');
    const [plan] = documents(one.stdout) as [{ transfer: unknown; price: { amount: number; transfer: number } }];
    expect(plan.transfer).toEqual(transfer);
    expect(plan.price.transfer).toBeCloseTo(2 * 0.09, 9);
    expect(plan.price.amount).toBeGreaterThan(plan.price.transfer);
    const read = await rig.run('cp', 's3://photos/in/big.bin', 's3://backup/big.bin', '--dry-run');
    expect(read.stdout).toMatch(
      /price +about 0\.18\d* USD \(requests, and 0\.18\d* USD for the transfer of 2\.00 GiB from ap-southeast-1 to\s+eu-west-1, list prices/,
    );
    const all = documents(
      (await rig.run('cp', '-r', 's3://photos/in/', 's3://backup/in/', '--dry-run', '--json')).stdout,
    );
    expect(all).toMatchObject([{ transfers: { [way]: 2 * GiB } }]);
    expect(Number(all[0]?.['price'])).toBeGreaterThan(0.18);
    const batch = documents(
      (await rig.run('batch', 'run', 's3://photos/in/', 's3://backup/in/', '--dry-run', '--json')).stdout,
    );
    expect(batch).toMatchObject([{ transfers: { [way]: 2 * GiB } }]);
    expect(Number(batch[0]?.['price'])).toBeGreaterThan(0.18);
    expect(rig.twin.requests.all().filter(({ operation }) => !/^(Head|Get|List)/.test(operation))).toEqual([]);
  });

  it('as a batch adds up what crossed, puts a price on it, and is verified', async () => {
    await fill(30, 'in/');
    await rig.twin.store.put('photos', 'in/large', { size: 300 * MiB });
    const home = join(rig.folder, 'batch-home');
    const run = await rig.run(
      'batch',
      'run',
      's3://photos/in/',
      's3://backup/in/',
      '--state',
      home,
      '--report',
      's3://work/w/',
      '--json',
    );
    expect(run.code).toBe(0);
    const [view] = documents(run.stdout) as [
      { id: string; counts: { bytes: number; transfers: Record<string, number> } },
    ];
    expect(view.counts.transfers).toEqual({ [way]: view.counts.bytes });
    const shown = await rig.run('batch', 'status', view.id, '--state', home);
    expect(shown.stdout).toMatch(/USD for the transfer of 300 MiB from\s+ap-southeast-1\s+to\s+eu-west-1/);
    const reported = await rig.run('batch', 'report', view.id, '--state', home);
    expect(documents(reported.stdout)[0]).toMatchObject({ transfer });
    expect(reported.stderr).toMatch(/USD of it for transfer between regions/);
    const verified = await rig.run('batch', 'verify', 's3://photos/in/', 's3://backup/in/');
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('done: same 31') as string });
  });

  it('follows rules, and is reconciled', async () => {
    const config = join(rig.folder, 'ferry.yaml');
    const rule = {
      name: 'far',
      source: { bucket: 'photos', prefix: 'in/' },
      destination: { bucket: 'backup' },
      deletes: 'all',
    };
    writeFileSync(config, JSON.stringify({ rules: [rule], defaultStore: 's3' }));
    await fill(3, 'in/');
    const filled = await rig.run('replicate', '--existing', 'far', '--config', config, '--json');
    expect(documents(filled.stdout)).toMatchObject([{ listed: 3, copied: 3, failed: 0 }]);
    await rig.twin.store.put('photos', 'in/new', { size: 300 * MiB });
    await rig.twin.store.put('backup', 'in/0001', { body: 'other' });
    const fixed = await rig.run('reconcile', 'far', '--config', config, '--fix', '--metadata', '--json');
    expect(documents(fixed.stdout).at(-1)).toMatchObject({ compared: 4, repaired: 2, failed: 0 });
    expect((await rig.run('reconcile', 'far', '--config', config, '--metadata')).code).toBe(0);
  });

  it('is resumed by a process that has to learn the regions again', async () => {
    await rig.twin.store.put('photos', 'big.bin', { size: 1 * GiB });
    rig.twin.faults.add({ match: { operation: 'UploadPartCopy' }, effect: { kind: 'latency', ms: 400 } });
    const home = join(rig.folder, 'killed-home');
    const { child, done } = rig.start(
      'cp',
      's3://photos/big.bin',
      's3://backup/big.bin',
      '--part-size',
      '32MiB',
      '--concurrency',
      '4',
      '--state',
      home,
    );
    await until(() => served('UploadPartCopy') >= 8, 'some parts are copied');
    child.kill('SIGKILL');
    await done;
    const before = served('UploadPartCopy');
    rig.twin.faults.clear();
    const resumed = await rig.run('resume', '--state', home, '--json');
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    expect(before).toBeLessThan(32);
    expect(await rig.twin.store.head('backup', 'big.bin')).toMatchObject({ size: 1 * GiB });
    expect(rig.twin.store.uploads('backup')).toEqual([]);
  });

  it('is listed, and told by doctor, from anywhere', async () => {
    await fill(2, 'in/');
    expect((await rig.run('ls', '-r', 's3://photos/in/')).stdout.split('\n')).toHaveLength(3);
    const doctor = await rig.run('doctor', 's3://photos/');
    expect(doctor.stdout).toContain('s3://photos is in ap-southeast-1');
    expect(doctor.code).toBe(0);
  });
});

describe('a copy between two regions of OSS', () => {
  it.each([
    ['small', 5, 'cp'],
    ['large', 300 * MiB, 'cp'],
    ['small', 5, 'mv'],
  ])('is refused by the dry run and by the run in the same words: %s (%i bytes, %s)', async (_name, size, verb) => {
    await rig.twin.store.put('photos', 'a.bin', { size });
    const command = [verb, 'oss://photos/a.bin', 'oss://backup/a.bin', '--json'];
    const planned = await rig.run(...command, '--dry-run');
    const run = await rig.run(...command);
    const words =
      'photos is in ap-southeast-1 and backup in eu-west-1; this store copies only inside one region. Use a destination bucket ' +
      "in ap-southeast-1, or the store's own cross-region replication. Nothing was written.";
    expect([planned.code, planned.stderr.split('\n')[0]]).toEqual([1, `✗ ${words}`]);
    expect([run.code, documents(run.stdout)]).toMatchObject([1, [{ error: { code: 'CrossRegion', message: words } }]]);
    expect(rig.twin.store.keys('backup')).toEqual([]);
    expect(rig.twin.store.uploads('backup')).toEqual([]);
    expect(rig.twin.store.keys('photos')).toEqual(['a.bin']);
  });

  it('inside one region is done, wherever the endpoint says that the region is', async () => {
    await rig.twin.store.put('photos', 'a.bin', { size: 300 * MiB });
    const run = await rig.run('cp', 'oss://photos/a.bin', 'oss://near/a.bin', '--json');
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(astray()).toBe(2);
  });
});
