/** Write access to a prefix is no permission to move objects to any class, nor to lock them with any key. */
import { expect, it } from 'vitest';
import { until } from '../../contract/api/support.ts';
import { at, useCallerWith } from './with-permission.ts';

const openWith = useCallerWith();

const foreignKey = { algorithm: 'KMS', keyId: 'key-of-the-attacker' };

it.each([
  [{ storageClass: 'ColdArchive' }, 'storageClasses: [ColdArchive]'],
  [{ encryption: foreignKey }, 'encryptionKeys: [key-of-the-attacker]'],
])('refuses %j in every kind of request, before anything is written', async (options, setting) => {
  const { call, twin } = await openWith({ storageClasses: ['Standard', 'IA'], encryptionKeys: ['our-key'] });
  const requests: [string, object][] = [
    ['/v1/copies', { source: at('a'), destination: at('b'), options }],
    ['/v1/renames', { from: at('a'), to: at('b'), options }],
    ['/v1/renames', { fromPrefix: at('x/'), toPrefix: at('y/'), options }],
    ['/v1/metadata', { object: at('a'), ...options }],
    ['/v1/batches', { source: { prefix: at('a') }, destination: at('b'), options }],
  ];
  for (const [path, body] of requests) {
    const answer = await call(path, body);
    expect([path, answer.status, await answer.text()]).toEqual([path, 403, expect.stringContaining(setting)]);
  }
  expect(twin.store.keys('photos')).toEqual(['mine/a']);
});

it('fails the rows of a list that ask for another class or key, and copies the others', async () => {
  const { call, twin } = await openWith({ storageClasses: ['IA'] });
  const rows = [
    { bucket: 'photos', key: 'mine/a', destination: 'mine/cold', options: { storageClass: 'ColdArchive' } },
    { bucket: 'photos', key: 'mine/a', destination: 'mine/locked', options: { encryption: foreignKey } },
    { bucket: 'photos', key: 'mine/a', destination: 'mine/warm', options: { storageClass: 'IA' } },
  ];
  await twin.store.put('photos', 'mine/list.jsonl', { body: rows.map((row) => `${JSON.stringify(row)}\n`).join('') });
  const batch = await call('/v1/batches', { source: { manifest: at('list.jsonl') } });
  const { self } = (await batch.json()) as { self: string };
  const read = async (path: string) => (await (await call(path)).json()) as Record<string, unknown>;
  await until(async () => (await read(self))['ended'] === true);
  expect(await read(`${self}/results`)).toMatchObject({
    results: [
      { status: 'failed', error: { code: 'Forbidden' } },
      { status: 'failed', error: { code: 'Forbidden' } },
      { destination: at('warm'), status: 'copied' },
    ],
  });
  expect(twin.store.keys('photos')).toEqual(['mine/a', 'mine/list.jsonl', 'mine/warm']);
});

it('sets any class where none are listed, and any key for a caller with all of them', async () => {
  const { call } = await openWith({ encryptionKeys: ['*'] });
  const options = { storageClass: 'IA', encryption: { algorithm: 'KMS', keyId: 'any' } };
  const answer = await call('/v1/copies', { source: at('a'), destination: at('b'), options });
  expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
});
