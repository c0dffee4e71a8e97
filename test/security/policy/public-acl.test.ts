/** Write access to a prefix is no permission to publish it: an ACL that opens objects to others needs one of its own. */
import { expect, it } from 'vitest';
import { mayOpenToOthers } from '../../../lib/copy/fidelity/private-acls.ts';
import { until } from '../../contract/api/support.ts';
import { at, useCallerWith } from './with-permission.ts';

const openWith = useCallerWith();

const open = ['public-read', 'public-read-write', 'authenticated-read', 'aws-exec-read', 'a-name-of-tomorrow'];

it.each([...open, 'Private'])('takes %s for an ACL that may open an object', (acl) => {
  expect(mayOpenToOthers(acl)).toBe(true);
});

it.each(['keep', 'default', 'private', 'bucket-owner-full-control', undefined])('takes %s for a private ACL', (acl) => {
  expect(mayOpenToOthers(acl)).toBe(false);
});

it('refuses a public ACL in every kind of request, before anything is written', async () => {
  const { call, twin } = await openWith({});
  const acl = 'public-read-write';
  const requests: [string, object][] = [
    ['/v1/copies', { source: at('a'), destination: at('b'), options: { acl } }],
    ['/v1/renames', { from: at('a'), to: at('b'), options: { acl } }],
    ['/v1/renames', { fromPrefix: at('x/'), toPrefix: at('y/'), options: { acl } }],
    ['/v1/metadata', { object: at('a'), acl }],
    ['/v1/batches', { source: { prefix: at('a') }, destination: at('b'), options: { acl } }],
  ];
  for (const [path, body] of requests) {
    const answer = await call(path, body);
    expect([path, answer.status, await answer.text()]).toEqual([path, 403, expect.stringContaining('setsPublicAcl')]);
  }
  expect(twin.store.keys('photos')).toEqual(['mine/a']);
});

it('fails the rows of a list that ask for a public ACL, and copies the others', async () => {
  const { call, twin } = await openWith({});
  const rows = [
    { bucket: 'photos', key: 'mine/a', destination: 'mine/open', options: { acl: 'public-read' } },
    { bucket: 'photos', key: 'mine/a', destination: 'mine/closed', options: { acl: 'private' } },
  ];
  await twin.store.put('photos', 'mine/list.jsonl', { body: rows.map((row) => `${JSON.stringify(row)}\n`).join('') });
  const batch = await call('/v1/batches', { source: { manifest: at('list.jsonl') } });
  const { self } = (await batch.json()) as { self: string };
  const read = async (path: string) => (await (await call(path)).json()) as Record<string, unknown>;
  await until(async () => (await read(self))['ended'] === true);
  expect(await read(`${self}/results`)).toMatchObject({
    results: [
      { status: 'failed', error: { code: 'Forbidden' } },
      { destination: at('closed'), status: 'copied' },
    ],
  });
  expect(twin.store.keys('photos')).toEqual(['mine/a', 'mine/closed', 'mine/list.jsonl']);
});

it('sets a public ACL for a caller with the permission', async () => {
  const { call } = await openWith({ setsPublicAcl: true });
  const body = { source: at('a'), destination: at('b'), options: { acl: 'public-read' } };
  expect((await call('/v1/copies', body)).status).toBe(200);
});
