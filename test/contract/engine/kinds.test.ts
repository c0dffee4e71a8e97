/**
 * Every kind of thing that S3 keeps beside the bytes: CopyObject and parts bring the same to the destination and name the same as
 * lost, the dry run before them says so, and a rename that would lose something is refused before it writes (I6).
 */
import { afterEach, describe, expect, it } from 'vitest';
import { dryRun } from '../../../lib/copy/dry-run.ts';
import type { CopyRequest } from '../../../lib/copy/model/request.ts';
import type { CopyResult, FidelityLoss } from '../../../lib/copy/model/result.ts';
import type { DirectHead, DirectPut } from '../../../lib/twin/access.ts';
import type { NewBucket } from '../../../lib/twin/model/store.ts';
import type { Rig } from './rig.ts';
import { openRig } from './rig.ts';

const MiB = 1024 ** 2;
const size = 5 * MiB + 1;
const until = '2099-01-01T00:00:00.000Z';
const governed = { 'object-lock-mode': 'GOVERNANCE', 'object-lock-retain-until-date': until };
const held = { ...governed, 'object-lock-legal-hold': 'ON' };
const eventHeld = { 'object-lock-event-hold': 'ON', 'object-lock-event-hold-duration-days': '30' };
const foreignKey = 'arn:aws:kms:ap-south-1:1:key/k';
const homeKey = 'arn:aws:kms:eu-west-1:1:key/k';

interface Kind {
  name: string;
  put: DirectPut;
  /** Of the destination; every one is in eu-west-1. */
  bucket?: Partial<NewBucket>;
  options?: CopyRequest['options'];
  /** Names of what is lost by CopyObject, and by parts where these lose more. */
  lost?: string[];
  lostByParts?: string[];
}

const locked = { objectLock: true };
const checksums = [
  'CRC32',
  'CRC32C',
  'CRC64NVME',
  'SHA1',
  'SHA256',
  'SHA512',
  'MD5',
  'XXHASH64',
  'XXHASH3',
  'XXHASH128',
] as const;

const kinds: Kind[] = [
  { name: 'a plain object', put: {} },
  {
    name: 'headers, metadata and tags',
    put: { headers: { 'cache-control': 'no-cache' }, meta: { a: 'b' }, tags: { k: 'v' } },
  },
  { name: 'a storage class', put: { storageClass: 'STANDARD_IA' } },
  { name: 'a website redirect', put: { redirect: '/new.html' } },
  { name: 'retention and legal hold', put: { lock: held }, bucket: locked },
  { name: 'a legal hold alone', put: { lock: { 'object-lock-legal-hold': 'ON' } }, bucket: locked },
  { name: 'an event hold', put: { lock: eventHeld }, bucket: locked },
  {
    name: 'a retention for a bucket without locks',
    put: { lock: governed },
    lost: ['object-lock', 'object-lock-until'],
  },
  {
    name: 'holds for a bucket without locks',
    put: { lock: { 'object-lock-legal-hold': 'ON', ...eventHeld } },
    lost: ['event-hold', 'legal-hold'],
  },
  {
    name: 'a retention that has run out',
    put: { lock: { ...governed, 'object-lock-retain-until-date': '2001-01-01T00:00:00.000Z' } },
  },
  { name: 'annotations', put: { annotations: { 'labels.v1': 'cat', übersicht: 'ä'.repeat(1000) } } },
  { name: 'SSE-S3', put: { encryption: { algorithm: 'AES256' } } },
  {
    name: 'a KMS key and a bucket key',
    put: { encryption: { algorithm: 'aws:kms', keyId: homeKey, bucketKey: true } },
  },
  { name: 'two layers of KMS', put: { encryption: { algorithm: 'aws:kms:dsse', keyId: homeKey } } },
  {
    name: 'a KMS key of another region',
    put: { encryption: { algorithm: 'aws:kms', keyId: foreignKey } },
    lost: ['encryption-key'],
  },
  {
    name: 'a KMS key of another region, with the default of the destination asked for',
    put: { encryption: { algorithm: 'aws:kms', keyId: foreignKey } },
    bucket: { encryption: { algorithm: 'aws:kms', keyId: homeKey } },
    options: { encryption: { algorithm: 'default' } },
  },
  ...checksums.map((algorithm) => ({
    name: `a ${algorithm} of the whole`,
    put: { checksum: { algorithm, type: 'FULL_OBJECT' as const } },
    lostByParts: algorithm.startsWith('CRC') ? [] : ['checksum'],
  })),
  ...checksums
    .filter((algorithm) => algorithm !== 'CRC64NVME')
    .map((algorithm) => ({
      name: `a ${algorithm} of parts`,
      put: { partSize: 5 * MiB, checksum: { algorithm, type: 'COMPOSITE' as const, value: 'AAA=-2' } },
    })),
  { name: 'entries of metadata that HEAD does not show', put: { missingMeta: 2 }, lostByParts: ['hidden-metadata'] },
  {
    name: 'such entries beside other metadata',
    put: { missingMeta: 2 },
    options: { metadata: { base: 'merge', set: { a: 'b' } } },
    lost: ['hidden-metadata'],
  },
  {
    name: 'a header of the store that nothing is known of',
    put: { others: { 'x-amz-new': 'yes' } },
    lostByParts: ['x-amz-new'],
  },
  {
    name: 'a context of KMS',
    put: { others: { 'x-amz-server-side-encryption-context': 'e30=' } },
    lostByParts: ['x-amz-server-side-encryption-context'],
  },
  {
    name: 'headers that are known to be harmless',
    put: { others: { 'x-amz-replication-status': 'COMPLETED', 'x-amz-expiration': 'x' } },
  },
  { name: 'an encoding of the transfer', put: { headers: { 'content-encoding': 'aws-chunked,gzip' } } },
];

let rig: Rig;
afterEach(() => rig.close());

const key = 'a';
const sides = { source: { bucket: 'photos', key }, destination: { bucket: 'backup', key } };

async function open({ put, bucket }: Kind): Promise<void> {
  const region = 'eu-west-1';
  rig = await openRig('s3', {
    twin: {
      buckets: [
        { name: 'photos', region },
        { name: 'backup', region, ...bucket },
      ],
    },
  });
  await rig.twin.store.put('photos', key, { size, ...put });
}

type Way = 'direct' | 'parts';

function requestOf({ options }: Kind, way: Way, mode: CopyRequest['mode'], more = {}): CopyRequest {
  const partSize = way === 'parts' ? { partSize: 5 * MiB } : {};
  return { mode, store: rig.address, ...sides, options: { ...options, ...partSize, ...more } };
}

const named = (lost: readonly FidelityLoss[]): string[] =>
  lost
    .filter(({ what }) => what !== 'etag')
    .map(({ what, wanted }) => `${what} ${wanted}`)
    .sort();
const names = (lost: readonly FidelityLoss[]): string[] => lost.map(({ what }) => what).sort();

/** What tells how an object was written, and when, is another by each way. */
function lasting(head: DirectHead | undefined): object {
  if (!head) throw new Error('no copy');
  const { etag: _e, kind: _k, parts: _p, lastModified: _l, versionId: _v, checksum, annotations = {}, ...rest } = head;
  const { others: _o, headers, ...same } = rest;
  // Some stores keep how a client once sent the bytes: a CopyObject carries that along, and what is stated anew has it not.
  const encoding = headers['content-encoding']?.replace('aws-chunked,', '');
  const texts = Object.entries(annotations).map(([name, { payload }]) => [name, payload]);
  return {
    ...same,
    headers: { ...headers, 'content-encoding': encoding },
    checksum: checksum?.algorithm ?? 'CRC64NVME',
    annotations: Object.fromEntries(texts),
  };
}

async function copied(kind: Kind, way: Way): Promise<{ result: CopyResult; planned: FidelityLoss[]; head: object }> {
  await open(kind);
  const request = requestOf(kind, way, 'copy');
  const plan = await dryRun(rig.embedded.world, request);
  expect(rig.twin.store.keys('backup')).toEqual([]);
  const { result } = await rig.run(request);
  expect([plan.way, result.way]).toEqual([way, way]);
  const head = lasting(await rig.twin.store.head('backup', key));
  await rig.close();
  return { result, planned: plan.lost, head };
}

describe.each(kinds)('$name', (kind) => {
  const lost = { direct: kind.lost ?? [], parts: kind.lostByParts ?? kind.lost ?? [] };

  it('arrives the same by CopyObject and by parts, and what does not is named before and after', async () => {
    const [direct, parts] = [await copied(kind, 'direct'), await copied(kind, 'parts')];
    expect({ direct: names(direct.result.lost), parts: names(parts.result.lost) }).toEqual(lost);
    // CopyObject carries along what no request can say: its dry run cannot know whether the store does.
    expect(named(direct.planned)).toEqual(named(direct.result.lost));
    expect(named(parts.planned)).toEqual(named(parts.result.lost));
    if (kind.lostByParts === undefined) expect(parts.head).toEqual(direct.head);
  });

  it.each(['direct', 'parts'] as const)(
    'a rename by %s that would lose it writes nothing unless the loss is accepted',
    async (way) => {
      await open(kind);
      const request = requestOf(kind, way, 'rename');
      const wants = { request, accepted: requestOf(kind, way, 'rename', { acceptLoss: true }) };
      if (lost[way].length > 0) {
        const planned: unknown = await dryRun(rig.embedded.world, request).catch((error: unknown) => error);
        const refused: unknown = await rig.run(request).catch((error: unknown) => error);
        expect(refused).toMatchObject({ code: 'WouldLose' });
        expect((planned as Error).message).toBe((refused as Error).message);
        expect(rig.twin.requests.count('CopyObject') + rig.twin.requests.count('InitiateMultipartUpload')).toBe(0);
        expect(rig.twin.store.keys('photos')).toEqual([key]);
      }
      const plan = await dryRun(rig.embedded.world, wants.accepted);
      const { result } = await rig.run(wants.accepted);
      expect(result).toMatchObject({ way, sourceRemoved: true });
      expect(names(result.lost)).toEqual(lost[way]);
      expect(named(plan.lost)).toEqual(named(result.lost));
    },
  );
});

describe('a KMS key of another region', () => {
  const put = { encryption: { algorithm: 'aws:kms', keyId: foreignKey } };

  it('is no difference for which an equal object is copied again', async () => {
    await open({ name: '', put });
    const options = { overwrite: 'if-different' } as const;
    expect((await rig.run({ mode: 'copy', ...sides, options })).result.way).toBe('direct');
    expect((await rig.run({ mode: 'copy', ...sides, options })).result.way).toBe('unchanged');
  });

  it('is sent all the same when the caller asks for it by name', async () => {
    await open({ name: '', put: {} });
    const options = { encryption: { algorithm: 'aws:kms', keyId: foreignKey } };
    for (const way of ['direct', 'parts'] as const) {
      const request = requestOf({ name: '', put: {}, options }, way, 'copy');
      const { result } = await rig.run(request);
      expect([way, names(result.lost)]).toEqual([way, []]);
      expect((await rig.twin.store.head('backup', key))?.encryption?.keyId).toBe(foreignKey);
    }
  });
});

describe('annotations', () => {
  const annotations = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`n${n}`, `text ${n}`]));
  const inParts = { partSize: 5 * MiB };
  const there = async (bucket: string): Promise<string[]> =>
    Object.keys((await rig.twin.store.head(bucket, key))?.annotations ?? {}).sort();

  it('a worker that takes over after a failure writes none twice', async () => {
    await open({ name: '', put: { annotations } });
    const effect = { kind: 'drop', when: 'before' } as const;
    rig.twin.faults.add({ match: { operation: 'PutObjectAnnotation', every: 7 }, times: 4, effect });
    const { result } = await rig.run({ mode: 'rename', ...sides, options: inParts });
    expect(result).toMatchObject({ lost: [], sourceRemoved: true });
    expect(await there('backup')).toEqual(Object.keys(annotations).sort());
    expect(rig.twin.requests.all({ operation: 'PutObjectAnnotation', status: 200 })).toHaveLength(30);
  });

  it('a rename keeps its source when the destination refuses one', async () => {
    await open({ name: '', put: { annotations: { x: 'y', z: 'u' } } });
    const effect = { kind: 'error', status: 403, code: 'AccessDenied' } as const;
    rig.twin.faults.add({ match: { operation: 'PutObjectAnnotation', nth: 1 }, effect });
    const refused = rig.run({ mode: 'rename', ...sides, options: inParts });
    await expect(refused).rejects.toMatchObject({ code: 'WouldLose' });
    expect(await there('photos')).toEqual(['x', 'z']);
  });

  it('a change of metadata by one CopyObject keeps them', async () => {
    await open({ name: '', put: { annotations } });
    const metadata = { base: 'merge' as const, set: { a: 'b' } };
    const here = { source: sides.source, destination: sides.source };
    expect((await rig.run({ mode: 'metadata', ...here, options: { metadata } })).result.lost).toEqual([]);
    expect(await there('photos')).toEqual(Object.keys(annotations).sort());
  });
});

it('a rename that may not read whether the bucket takes locks writes nothing when the store refuses the lock', async () => {
  await open({ name: '', put: { lock: held } });
  const effect = { kind: 'error', status: 403, code: 'AccessDenied' } as const;
  rig.twin.faults.add({ match: { operation: 'GetObjectLockConfiguration' }, effect });
  for (const options of [{}, { partSize: 5 * MiB }]) {
    await expect(rig.run({ mode: 'rename', ...sides, options })).rejects.toMatchObject({ code: 'WouldLose' });
    expect(rig.twin.store.keys('backup')).toEqual([]);
  }
});
