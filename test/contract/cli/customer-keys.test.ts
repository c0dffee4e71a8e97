/** Objects that are encrypted with keys of the customer (SSE-C): the key is named, and is kept nowhere. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documents, MiB, useRig, type Outcome } from './harness.ts';

const rig = useRig();
const [a, b] = [createHash('sha256').update('a').digest(), createHash('sha256').update('b').digest()];
const keys = { KEY_A: a.toString('base64'), KEY_B: `${b.toString('base64')}\n`, KEY_SHORT: 'too-short' };
const byKey = (key: Buffer) => ({
  algorithm: 'AES256',
  customerKey: createHash('md5').update(key).digest('base64'),
});
let file = '';

beforeAll(() => {
  file = join(rig.folder, 'key-a');
  writeFileSync(file, a);
});

/** An object that is encrypted with key A, or plain. */
async function put(
  key: string,
  { body = 'hello', size, plain = false }: { body?: string; size?: number; plain?: boolean } = {},
) {
  const bytes = size === undefined ? { body } : { size };
  await rig.twin.store.put('photos', key, {
    ...bytes,
    meta: { owner: 'ann' },
    encryption: plain ? { algorithm: 'AES256' } : byKey(a),
  });
  return `s3://photos/${key}`;
}
const run = (...args: string[]): Promise<Outcome> => rig.runWith(keys, ...args);
const encryptionOf = async (bucket: string, key: string) => (await rig.twin.store.head(bucket, key))?.encryption;
const [fromA, toA, toB] = [
  ['--sse-c-source', 'env:KEY_A'],
  ['--sse-c', 'env:KEY_A'],
  ['--sse-c', 'env:KEY_B'],
];

describe('ferry cp with keys of the customer', () => {
  it.each([
    ['in one call', 5],
    ['by parts', 12 * MiB],
  ])('copies an object to another key %s, and says that nothing is lost', async (way, size) => {
    const source = await put(`rekeyed ${way}`, { size });
    const target = `s3://backup/rekeyed ${way}`;
    const outcome = await run('cp', source, target, ...fromA, ...toB, '--part-size', '5MiB', '--json');
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(documents(outcome.stdout)).toMatchObject([{ lost: [], verifiedBy: 'checksum' }]);
    expect(await rig.twin.store.head('backup', `rekeyed ${way}`)).toMatchObject({
      size,
      encryption: byKey(b),
      meta: { owner: 'ann' },
    });
  });

  it.each([
    ['to another key in one call', 5, false, [...fromA, ...toB]],
    ['to another key by parts', 12 * MiB, false, [...fromA, ...toB]],
    ['to a key', 5, true, toB],
    ['to none', 5, false, fromA],
  ])('sends the requests that its dry run counts, %s', async (way, size, plain, options) => {
    const source = await put(`counted ${way}`, { size, plain });
    const args = ['cp', source, `s3://backup/counted ${way}`, ...options, '--part-size', '5MiB', '--json'];
    const [plan] = documents((await run(...args, '--dry-run')).stdout);
    rig.twin.requests.reset();
    expect(await run(...args)).toMatchObject({ code: 0 });
    const sent: Record<string, number> = {};
    for (const { operation } of rig.twin.requests.all()) sent[operation] = (sent[operation] ?? 0) + 1;
    expect(sent).toEqual(plan?.['calls']);
  });

  it('reads a key from a file, raw', async () => {
    const outcome = await run('cp', await put('filed'), 's3://backup/filed', '--sse-c-source', `file:${file}`, ...toB);
    expect(outcome.code).toBe(0);
    expect(await encryptionOf('backup', 'filed')).toEqual(byKey(b));
  });

  it.each([
    ['in one call', 5],
    ['by parts', 12 * MiB],
  ])('encrypts a plain object with one %s', async (way, size) => {
    const source = await put(`plain ${way}`, { size, plain: true });
    const args = ['cp', source, `s3://backup/plain ${way}`, ...toB, '--part-size', '5MiB', '--json'];
    const outcome = await run(...args);
    expect(outcome.code).toBe(0);
    expect(documents(outcome.stdout)).toMatchObject([{ lost: [] }]);
    expect(await encryptionOf('backup', `plain ${way}`)).toEqual(byKey(b));
  });

  it.each([
    ['in one call', 5],
    ['by parts', 12 * MiB],
  ])('names the encryption as lost when it is taken away %s, in dry run and run alike', async (way, size) => {
    const source = await put(`bare ${way}`, { size });
    const args = ['cp', source, `s3://backup/bare ${way}`, ...fromA, '--part-size', '5MiB', '--json'];
    const lost = expect.arrayContaining([expect.objectContaining({ what: 'encryption', wanted: 'SSE-C' })]) as unknown;
    expect(documents((await run(...args, '--dry-run')).stdout)).toMatchObject([{ lost }]);
    const [done] = documents((await run(...args)).stdout);
    expect(done).toMatchObject({ lost });
    expect((await encryptionOf('backup', `bare ${way}`))?.customerKey).toBeUndefined();
  });

  it('takes an encryption that was asked for in place of the key for no loss', async () => {
    const outcome = await run('cp', await put('asked'), 's3://backup/asked', ...fromA, '--sse', 'AES256', '--json');
    expect(documents(outcome.stdout)).toMatchObject([{ lost: [] }]);
  });

  it('refuses a key of the customer and another encryption for one object', async () => {
    const outcome = await run('cp', await put('both'), 's3://backup/both', ...fromA, ...toB, '--sse', 'AES256');
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain('one encryption');
    expect(rig.twin.store.keys('backup', 'both')).toEqual([]);
  });

  it.each([
    ['without a key', [], '--sse-c-source'],
    ['with another key', ['--sse-c-source', 'env:KEY_B'], 'env:KEY_B'],
  ])('refuses the source %s, in words that name the option or the variable', async (_, option, name) => {
    const outcome = await run('cp', await put('closed'), 's3://backup/closed', ...option);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(name);
    expect(rig.twin.store.keys('backup', 'closed')).toEqual([]);
  });

  it('refuses a plain source for which a key is given', async () => {
    const outcome = await run('cp', await put('open', { plain: true }), 's3://backup/open', ...fromA);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('env:KEY_A');
  });

  it('copies a prefix to another key, each object', async () => {
    for (const name of ['many/1', 'many/2']) await put(name);
    expect(await run('cp', 's3://photos/many/', 's3://backup/many/', ...fromA, ...toB)).toMatchObject({ code: 0 });
    for (const name of ['many/1', 'many/2']) expect(await encryptionOf('backup', name)).toEqual(byKey(b));
  });

  it('refuses a destination around the source, where names do not tell which key is meant', async () => {
    await put('in/in/x', { plain: true });
    const outcome = await run('cp', 's3://photos/in/', 's3://photos/', ...toB);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('overlap') as string });
  });
});

describe('ferry mv with keys of the customer', () => {
  it.each([
    ['in one call', 5],
    ['by parts', 12 * MiB],
  ])('moves an object to another key %s, and removes the source last', async (way, size) => {
    const source = await put(`moved ${way}`, { size });
    const outcome = await run('mv', source, `s3://backup/moved ${way}`, ...fromA, ...toB, '--part-size', '5MiB');
    expect(outcome).toMatchObject({ code: 0 });
    expect(await encryptionOf('backup', `moved ${way}`)).toEqual(byKey(b));
    expect(rig.twin.store.keys('photos', `moved ${way}`)).toEqual([]);
  });

  it.each([
    ['in one call', 5],
    ['by parts', 12 * MiB],
  ])('keeps the source whose encryption the copy would lose %s', async (way, size) => {
    const source = await put(`kept ${way}`, { size });
    const outcome = await run('mv', source, `s3://backup/kept ${way}`, ...fromA, '--part-size', '5MiB');
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('encryption');
    expect(rig.twin.store.keys('photos', `kept ${way}`)).toHaveLength(1);
    expect(rig.twin.store.keys('backup', `kept ${way}`)).toEqual([]);
  });
});

describe('an object with a key of the customer', () => {
  it('is changed where it is, and keeps its key', async () => {
    const outcome = await run('meta', await put('changed'), '--set', 'owner=bob', ...toA, '--json');
    expect(outcome).toMatchObject({ code: 0 });
    expect(documents(outcome.stdout)).toMatchObject([{ lost: [] }]);
    expect(await rig.twin.store.head('photos', 'changed')).toMatchObject({
      meta: { owner: 'bob' },
      encryption: byKey(a),
    });
  });

  it('cannot be given another key where it is', async () => {
    const outcome = await run('meta', await put('turned'), '--set', 'owner=bob', ...fromA, ...toB);
    expect(outcome.code).toBe(2);
  });

  it('is shown by stat and handed out by cat', async () => {
    const source = await put('shown');
    const stat = await run('stat', source, ...toA, '--json');
    expect(documents(stat.stdout)).toMatchObject([
      { encryption: { algorithm: 'SSE-C' }, clientEncrypted: false, copy: { possible: true, lost: [] } },
    ]);
    expect((await run('cat', source, ...fromA)).stdout).toBe('hello');
  });

  it('is refused by name without its key', async () => {
    const source = await put('hidden');
    for (const command of ['stat', 'cat']) {
      const outcome = await run(command, source);
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toContain('--sse-c-source');
    }
  });
});

describe('a key of the customer', () => {
  const literal = a.toString('base64');

  it.each([
    ['the key itself', literal, 'env:NAME'],
    ['a variable that is not set', 'env:NO_SUCH_KEY', 'NO_SUCH_KEY'],
    ['a variable with something else', 'env:KEY_SHORT', '32 bytes'],
    ['a file that is not there', 'file:/no/such/key', '/no/such/key'],
    ['a pipe, which a later worker could not read', 'file:/dev/null', 'no regular file'],
  ])('is refused before anything is done where it is %s, and no value is shown', async (_, reference, words) => {
    await put('refused');
    rig.twin.requests.reset();
    const outcome = await run('cp', 's3://photos/refused', 's3://backup/refused', '--sse-c-source', reference);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain(words);
    expect(outcome.stderr + outcome.stdout).not.toContain(literal);
    expect(outcome.stderr + outcome.stdout).not.toContain('too-short');
    expect(rig.twin.requests.count()).toBe(0);
  });

  it('is sent to no store without TLS that is not on this machine', async () => {
    const endpoint = ['--endpoint-url', 'http://store.example.com'];
    const outcome = await run('cp', 's3://photos/x', 's3://backup/x', ...fromA, ...endpoint);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('https://') as string });
  });

  it('is refused for OSS, which has no such encryption', async () => {
    const outcome = await run('cp', 'oss://photos/x', 'oss://backup/x', ...fromA);
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toContain('only S3 has SSE-C');
  });

  it('is in no log, no line of --debug, no row and no file, and a batch that waits finds it again by its name', async () => {
    for (const name of ['later/1', 'later/2']) await put(name);
    const home = join(rig.folder, 'durable');
    mkdirSync(home);
    const shown: string[] = [];
    const at = async (env: Record<string, string>, ...args: string[]): Promise<Outcome> => {
      const outcome = await rig.runWith(env, ...args, '--state', home);
      shown.push(outcome.stdout, outcome.stderr);
      return outcome;
    };
    await put('later-large', { size: 12 * MiB });
    const large = ['cp', 's3://photos/later-large', 's3://backup/later-large', ...fromA, ...toB];
    expect(await at(keys, ...large, '--part-size', '5MiB', '--debug')).toMatchObject({ code: 0 });
    const batch = ['batch', 'run', 's3://photos/later/', 's3://backup/later/', ...fromA, ...toB, '--detach', '--debug'];
    expect(await at(keys, ...batch)).toMatchObject({ code: 0 });

    const without = await at({ KEY_B: keys.KEY_B }, 'resume', '--state', home, '--debug');
    expect(without.code).not.toBe(0);
    expect(without.stderr).toContain('KEY_A');
    expect(await at(keys, 'resume', '--debug')).toMatchObject({ code: 0 });
    for (const name of ['later/1', 'later/2']) expect(await encryptionOf('backup', name)).toEqual(byKey(b));

    const kept = filesBelow(home).map((path) => readFileSync(path).toString('latin1'));
    expect(kept.join('')).toContain('env:KEY_A');
    for (const text of [...kept, ...shown])
      for (const key of [a, b])
        for (const form of ['base64', 'base64url', 'hex', 'latin1'] as const)
          expect(text.includes(key.toString(form))).toBe(false);
  });
});

describe('ferry batch with keys of the customer', () => {
  it('copies the objects of a local list, which verify then finds equal', async () => {
    for (const name of ['listed/1', 'listed/2']) await put(name);
    const list = join(rig.folder, 'list.csv');
    writeFileSync(list, 'bucket,key\nphotos,listed/1\nphotos,listed/2\n');
    const copied = await run('batch', 'run', '--manifest', list, 's3://backup/', ...fromA, ...toB);
    expect(copied).toMatchObject({ code: 0 });
    for (const name of ['listed/1', 'listed/2']) expect(await encryptionOf('backup', name)).toEqual(byKey(b));
    const verified = await run('batch', 'verify', 's3://photos/listed/', 's3://backup/listed/', ...fromA, ...toB);
    expect(verified).toMatchObject({ code: 0 });
  });

  it('changes objects where they are with their key', async () => {
    await put('place/1');
    const args = ['batch', 'run', 's3://photos/place/', '--in-place', '--meta', 'owner=bob', ...toA];
    expect(await run(...args)).toMatchObject({ code: 0 });
    expect(await rig.twin.store.head('photos', 'place/1')).toMatchObject({
      meta: { owner: 'bob' },
      encryption: byKey(a),
    });
  });

  it('refuses a list in a bucket, of which no name tells whether a key is for it', async () => {
    const outcome = await run('batch', 'run', '--manifest', 's3://photos/list.csv', 's3://backup/', ...fromA);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('are local') as string });
  });

  it('refuses a template in the bucket of the source, which might lead back into it', async () => {
    await put('led/1', { plain: true });
    const outcome = await run('batch', 'run', 's3://photos/led/', '--key-template', 'led/{name}.new', ...toB);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('overlap') as string });
  });
});

it('a rule copies with the keys that its store names, and finds every replica equal afterwards', async () => {
  await put('rule/1');
  await put('rule/2');
  const config = join(rig.folder, 'keys.yaml');
  writeFileSync(
    config,
    `
stores:
  s3:
    scheme: s3
    customerKeys:
      - { objects: 's3://photos/rule/', key: 'env:KEY_A' }
      - { objects: 's3://backup/rule/', key: 'env:KEY_B' }
defaultStore: s3
rules:
  - name: keyed
    source: { bucket: photos, prefix: rule/ }
    destination: { bucket: backup }
`,
  );
  const copied = await run('replicate', '--existing', 'keyed', '--config', config, '--json');
  expect(copied).toMatchObject({ code: 0 });
  expect(JSON.parse(copied.stdout)).toMatchObject({ listed: 2, copied: 2, failed: 0 });
  for (const name of ['rule/1', 'rule/2']) expect(await encryptionOf('backup', name)).toEqual(byKey(b));
  expect(await run('reconcile', 'keyed', '--config', config)).toMatchObject({ code: 0 });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
