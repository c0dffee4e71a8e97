import { expect } from 'vitest';
import { gaveUp } from '../../../lib/copy/model/errors.ts';
import type { Rig } from '../engine/rig.ts';
import { destination, failure, inParts, MiB, naiveParts, source } from './failure.ts';

const described = {
  headers: { 'content-type': 'image/jpeg', 'cache-control': 'max-age=60', 'content-language': 'de' },
  meta: { author: 'alice' },
  tags: { team: 'blue' },
};

async function copyIsFaithful(rig: Rig): Promise<void> {
  const copy = await rig.twin.store.head('backup', 'copy');
  expect(copy).toMatchObject(described);
}

failure('s3', 'aws/aws-sdk-java#367', 'metadata is lost when a copy goes by parts', {
  given: async (rig) => void (await rig.twin.store.put('photos', 'source', { size: 12 * MiB, ...described })),
  naive: naiveParts,
  ours: inParts,
  check: copyIsFaithful,
});

failure('s3', 'aws/aws-cli#1145', 'what arrives depends on the size', {
  given: async ({ twin }) => {
    await twin.store.put('photos', 'source', { size: 12 * MiB, ...described });
    await twin.store.put('photos', 'small', { size: 12, ...described });
  },
  naive: async (rig) => {
    const small = { bucket: 'photos', key: 'small' };
    const to = { bucket: 'backup', key: 'small' };
    const plain = { metadata: { directive: 'copy' }, tags: 'copy' } as const;
    await rig.store.copyObject({ source: small, destination: to, sourceIfMatch: '', ...plain });
    await naiveParts(rig);
  },
  ours: async (rig) => {
    await rig.run({ source: { bucket: 'photos', key: 'small' }, destination: { bucket: 'backup', key: 'small' } });
    await inParts(rig);
  },
  check: async ({ twin }) => {
    const [small, large] = await Promise.all([twin.store.head('backup', 'small'), twin.store.head('backup', 'copy')]);
    const kept = ({ headers, meta, tags, storageClass }: NonNullable<typeof small>) => ({
      headers,
      meta,
      tags,
      storageClass,
    });
    if (!small || !large) throw new Error('a copy is missing');
    expect(kept(large)).toEqual(kept(small));
  },
});

failure('s3', 'tenstorrent/tt-lang#731', 'without permission to read tags, large objects end half copied', {
  given: async ({ twin }) => {
    await twin.store.put('photos', 'source', { size: 12 * MiB, ...described });
    const denied = { kind: 'error', status: 403, code: 'AccessDenied' } as const;
    twin.faults.add({ match: { operation: 'GetObjectTagging' }, effect: denied });
  },
  naive: async (rig) => {
    await naiveParts(rig);
    return await rig.store.getTags(source).catch((error: unknown) => error);
  },
  ours: async (rig) => await inParts(rig).catch((error: unknown) => error),
  check: async ({ twin }, outcome) => {
    expect(gaveUp(outcome, 'AccessDenied')).toBe(true);
    expect((outcome as Error).message).toMatch(/GetObjectTagging/);
    expect(await twin.store.head('backup', 'copy')).toBeUndefined();
    expect(twin.store.uploads('backup')).toEqual([]);
    expect(twin.requests.count('InitiateMultipartUpload')).toBe(0);
  },
});

failure('s3', 'aws/aws-sdk-net#1132', 'a multipart copy of a KMS object is not encrypted', {
  given: async ({ twin }) => {
    const encryption = { algorithm: 'aws:kms', keyId: 'key-1' };
    await twin.store.put('photos', 'source', { size: 12 * MiB, encryption });
  },
  naive: naiveParts,
  ours: inParts,
  check: async ({ store, twin }) => {
    expect((await store.head(destination)).encryption).toEqual({ algorithm: 'aws:kms', keyId: 'key-1' });
    expect(twin.requests.all({ operation: 'UploadPartCopy', status: 400 })).toEqual([]);
  },
});

failure('s3', 'HumanCellAtlas/data-store#958', 'equal copies are refused because their part sizes differ', {
  given: async (rig) => void (await rig.twin.store.put('photos', 'source', { size: 12 * MiB })),
  naive: async (rig) => {
    await naiveParts(rig);
    const [from, to] = await Promise.all([rig.store.head(source), rig.store.head(destination)]);
    return { accepted: from.etag === to.etag };
  },
  ours: async (rig) => {
    const { result } = await rig.run({ source, destination, options: { partSize: 5 * MiB } });
    expect(result.verifiedBy).not.toBe('size');
    return { accepted: true };
  },
  check: (_rig, outcome) => expect(outcome).toEqual({ accepted: true }),
});
