import { describe, expect, it } from 'vitest';
import { paidBy, sameStore } from '../../../lib/api/callers/object-url.ts';
import { batchBody } from '../../../lib/api/batches/schemas.ts';
import { copyBody, metadataBody, renameBody, renamePrefixBody } from '../../../lib/api/jobs/schemas.ts';
import { readServeConfig } from '../../../lib/config/file.ts';

describe('requestPayer', () => {
  const [source, destination] = ['s3://from/k', 's3://to/k'];
  it.each([
    ['a copy', copyBody, { source, destination }],
    ['a rename', renameBody, { from: source, to: destination }],
    ['the rename of a prefix', renamePrefixBody, { fromPrefix: 's3://from/x/', toPrefix: 's3://to/y/' }],
    ['a metadata change', metadataBody, { object: source, acl: 'private' }],
    ['a batch', batchBody, { source: { prefix: 's3://from/' }, destination: 's3://to/' }],
  ])('is taken with the request for %s, and nothing but requester is', (_what, schema, body) => {
    expect(schema.safeParse({ ...body, requestPayer: 'requester' })).toMatchObject({
      success: true,
      data: { requestPayer: 'requester' },
    });
    expect(schema.safeParse({ ...body, requestPayer: 'owner' }).success).toBe(false);
  });

  it('stands at a store of ferry.yaml, and its rules use it', () => {
    const config = readServeConfig(
      `stores: {here: {scheme: s3, region: eu-west-1, requestPayer: requester}}
defaultStore: here
rules: [{name: all, source: {bucket: a}, destination: {bucket: b}}]`,
      {},
    );
    expect(config.stores['here']).toMatchObject({ requestPayer: 'requester' });
    expect(config.rules.routes[0]?.store).toMatchObject({ requestPayer: 'requester' });
  });

  it('makes no other store of the one that is addressed', () => {
    const store = { scheme: 's3' as const, region: 'eu-west-1' };
    const paid = paidBy(store, 'requester');
    expect(paid).toEqual({ ...store, requestPayer: 'requester' });
    expect(sameStore(store, paid)).toBe(true);
    expect(paidBy(store, undefined)).toBe(store);
  });
});
