/** A dry run is the run without its writes: one decision, so the same refusals in the same words, and the requests that follow. */
import { afterEach, describe, expect, it } from 'vitest';
import { dryRun } from '../../../lib/copy/dry-run.ts';
import type { CopyRequest } from '../../../lib/copy/model/request.ts';
import type { DirectPut } from '../../../lib/twin/access.ts';
import type { FaultRule } from '../../../lib/twin/faults.ts';
import type { NewBucket } from '../../../lib/twin/model/store.ts';
import type { Rig } from './rig.ts';
import { openRig } from './rig.ts';

const MiB = 1024 ** 2;
const denied = { kind: 'error', status: 403, code: 'AccessDenied' } as const;
const writes = ['PutObject', 'PutObjectTagging', 'PutObjectAcl', 'InitiateMultipartUpload', 'DeleteObject'];

let rig: Rig;
afterEach(() => rig.close());

type Scheme = 'oss' | 's3';

interface Setting {
  scheme?: Scheme;
  put?: DirectPut;
  there?: DirectPut;
  buckets?: NewBucket[];
  faults?: FaultRule[];
  request?: Partial<CopyRequest>;
}

const sides = { source: { bucket: 'photos', key: 'a' }, destination: { bucket: 'backup', key: 'a' } };

async function open({
  scheme = 's3',
  put,
  there,
  buckets = [{ name: 'photos' }, { name: 'backup' }],
  faults = [],
  request,
}: Setting) {
  rig = await openRig(scheme, { twin: { buckets } });
  if (put) await rig.twin.store.put('photos', 'a', { size: 12 * MiB, ...put });
  if (there) await rig.twin.store.put('backup', 'a', there);
  for (const rule of faults) rig.twin.faults.add(rule);
  return { mode: 'copy' as const, store: rig.address, ...sides, options: {}, ...request };
}

const inParts = { partSize: 5 * MiB };
const elsewhere = [{ name: 'photos' }, { name: 'backup', region: 'cn-beijing' }];
const noAcl: FaultRule[] = [{ match: { operation: 'GetObjectAcl' }, effect: denied }];
const noTags: FaultRule[] = [{ match: { operation: 'GetObjectTagging' }, effect: denied }];
const tags = { a: 'b' };

const refusals: [name: string, code: string, setting: Setting][] = [
  ['a copy across regions on OSS', 'CrossRegion', { scheme: 'oss', put: {}, buckets: elsewhere }],
  [
    'a copy by parts across regions on OSS',
    'CrossRegion',
    { scheme: 'oss', put: {}, buckets: elsewhere, request: { options: inParts } },
  ],
  [
    'a storage class that is none',
    'BadRequest',
    { scheme: 'oss', put: {}, request: { options: { storageClass: 'STANDARD_IA' } } },
  ],
  ['a source that is missing', 'NotFound', {}],
  ['a bucket that is missing', 'NoSuchBucket', { buckets: [{ name: 'backup' }] }],
  ['an appendable object', 'NotAppendableCopy', { scheme: 'oss', put: { kind: 'appendable' } }],
  ['an archived object', 'Archived', { put: { storageClass: 'GLACIER' } }],
  [
    'an object encrypted by its writer',
    'ClientEncrypted',
    { scheme: 'oss', put: { meta: { 'client-side-encryption-key': 'k' } } },
  ],
  ['an object that stays where it is', 'SameObject', { put: {}, request: { destination: sides.source } }],
  ['a part size that is too small', 'BadRequest', { put: {}, request: { options: { partSize: 1000 } } }],
  [
    'a destination that is not to be overwritten',
    'DestinationExists',
    { put: {}, there: {}, request: { options: { overwrite: 'never' } } },
  ],
  ['a rename onto another object', 'DestinationExists', { put: {}, there: { size: 3 }, request: { mode: 'rename' } }],
  [
    'a rename onto one that is different',
    'DestinationExists',
    { put: {}, there: { size: 3 }, request: { mode: 'rename', options: { overwrite: 'if-different' } } },
  ],
  [
    'a rename onto an equal object that lacks an annotation',
    'DestinationExists',
    {
      put: { annotations: { x: 'y' } },
      there: { size: 12 * MiB },
      request: { mode: 'rename', options: { overwrite: 'if-different' } },
    },
  ],
  [
    'a rename of an object whose ACL may not be read',
    'WouldLose',
    { put: {}, faults: noAcl, request: { mode: 'rename' } },
  ],
  ['the same by parts', 'WouldLose', { put: {}, faults: noAcl, request: { mode: 'rename', options: inParts } }],
  [
    'a rename by parts of an object whose tags may not be read',
    'WouldLose',
    { put: { tags }, faults: noTags, request: { mode: 'rename', options: inParts } },
  ],
  [
    'a copy by parts of an object whose tags may not be read',
    'AccessDenied',
    { put: { tags }, faults: noTags, request: { options: inParts } },
  ],
  [
    'a rename by parts where annotations may not be listed',
    'WouldLose',
    {
      put: {},
      faults: [{ match: { operation: 'ListObjectAnnotations' }, effect: denied }],
      request: { mode: 'rename', options: inParts },
    },
  ],
  [
    'a change of metadata by parts of an object with annotations',
    'WouldLose',
    {
      put: { annotations: { x: 'y' } },
      request: {
        mode: 'metadata',
        destination: sides.source,
        options: { ...inParts, metadata: { base: 'merge', set: { a: 'b' } } },
      },
    },
  ],
  [
    'a change of metadata of an object whose ACL may not be read',
    'WouldLose',
    {
      put: {},
      faults: noAcl,
      request: {
        mode: 'metadata',
        destination: sides.source,
        options: { metadata: { base: 'merge', set: { a: 'b' } } },
      },
    },
  ],
];

describe('dry run and run refuse in the same words, before any write:', () => {
  it.each(refusals)('%s', async (_name, code, setting) => {
    const request = await open(setting);
    const stripped = (error: unknown) => (error as Error).message.replaceAll(/request [\w-]+/g, 'request');
    const planned: unknown = await dryRun(rig.embedded.world, request).catch((error: unknown) => error);
    const refused: unknown = await rig.run(request).catch((error: unknown) => error);
    expect(planned).toMatchObject({ code });
    expect(refused).toMatchObject({ code });
    expect(stripped(planned)).toBe(stripped(refused));
    expect(writes.filter((operation) => rig.twin.requests.count(operation) > 0)).toEqual([]);
    expect(rig.twin.store.keys('backup')).toEqual(setting.there ? ['a'] : []);
  });

  it('a storage class that is none is answered with those that are', async () => {
    const request = await open({ scheme: 'oss', put: {}, request: { options: { storageClass: 'standard' } } });
    await expect(dryRun(rig.embedded.world, request)).rejects.toThrow(
      'standard is no storage class of oss:// stores: use Standard, IA, Archive, ColdArchive, DeepColdArchive.',
    );
  });
});

const merge = { base: 'merge' as const, set: { a: 'c' } };
const change = (options: CopyRequest['options'] = {}): Partial<CopyRequest> => ({
  mode: 'metadata',
  destination: sides.source,
  options: { metadata: merge, ...options },
});

const counted: [name: string, setting: Setting][] = [
  ['a copy', { put: {} }],
  ['a copy that overwrites nothing', { put: {}, request: { options: { overwrite: 'never' } } }],
  ['a copy of a tagged object', { put: { tags } }],
  ['a copy with another tag', { put: { tags }, request: { options: { tags: merge } } }],
  ['a copy with its ACL', { put: {}, request: { options: { acl: 'keep' } } }],
  [
    'a copy of an equal object, if different',
    { put: {}, there: { size: 12 * MiB }, request: { options: { overwrite: 'if-different' } } },
  ],
  ['a replica', { put: {}, request: { mode: 'replicate' } }],
  ['a rename', { put: {}, request: { mode: 'rename' } }],
  ['a change of metadata', { put: { tags }, request: change() }],
  ['a change of tags', { put: { tags }, request: { ...change(), options: { tags: merge } } }],
  ['a copy by parts', { put: {}, request: { options: inParts } }],
  [
    'a copy by parts of a tagged object with another tag',
    { put: { tags }, request: { options: { ...inParts, tags: merge } } },
  ],
  ['a replica by parts', { put: {}, request: { mode: 'replicate', options: inParts } }],
  ['a rename by parts', { put: { tags }, request: { mode: 'rename', options: inParts } }],
  ['a change of metadata by parts', { put: { tags }, request: change(inParts) }],
];
const onlyS3: [name: string, setting: Setting][] = [
  [
    'a copy by parts of an object with annotations',
    { put: { annotations: { x: 'y', z: 'u' } }, request: { options: inParts } },
  ],
  [
    'a rename by parts of an object with annotations',
    { put: { annotations: { x: 'y' } }, request: { mode: 'rename', options: inParts } },
  ],
];

describe.each(['oss', 's3'] as const)('on %s the plan counts the requests of', (scheme) => {
  it.each(scheme === 's3' ? [...counted, ...onlyS3] : counted)('%s', async (_name, setting) => {
    const request = { ...(await open({ ...setting, scheme })), journal: true };
    const plan = await dryRun(rig.embedded.world, request);
    rig.twin.requests.reset();
    const { result } = await rig.run(request);
    const { GetBucketLocation: _once, ...sent } = rig.twin.requests.counts;
    expect(result.way).toBe(plan.way);
    expect(plan.calls).toEqual(sent);
    expect(result.lost).toEqual([]);
  });
});

describe('without the right to list the destination', () => {
  const there = { bucket: 'backup', operation: 'HeadObject' };

  it.each(['copy', 'rename'] as const)(
    'the condition of the write decides for a %s that overwrites nothing',
    async (mode) => {
      const faults = [{ match: { ...there, nth: 1 }, effect: denied }];
      const request = await open({
        scheme: 'oss',
        put: {},
        faults,
        request: { mode, options: { overwrite: 'never' } },
      });
      expect((await rig.run(request)).result.lost).toEqual([]);
      expect(rig.twin.store.keys('backup')).toEqual(['a']);
    },
  );

  it('the condition refuses where there is an object after all', async () => {
    const faults = [{ match: there, effect: denied }];
    const request = await open({
      scheme: 'oss',
      put: {},
      there: { body: 'old' },
      faults,
      request: { options: { overwrite: 'never' } },
    });
    await expect(rig.run(request)).rejects.toMatchObject({ code: 'DestinationExists' });
    expect((await rig.twin.store.bytes('backup', 'a')).toString()).toBe('old');
  });

  it('a copy if different copies', async () => {
    const faults = [{ match: { ...there, nth: 1 }, effect: denied }];
    const request = await open({ put: {}, faults, request: { options: { overwrite: 'if-different' } } });
    await rig.run(request);
    expect(rig.twin.requests.count('CopyObject')).toBe(1);
  });

  it('a server that may ignore the condition is not trusted with it, and the error names the missing right', async () => {
    const faults = [{ match: there, effect: denied }];
    const request = await open({ put: {}, faults, request: { options: { overwrite: 'never' } } });
    await expect(rig.run(request)).rejects.toThrow(/s3:ListBucket/);
    expect(rig.twin.requests.count('CopyObject')).toBe(0);
  });
});

it('the plan names the rights that the look at the destination takes', async () => {
  const request = await open({ put: {}, request: { options: { overwrite: 'never' } } });
  const { permissions } = await dryRun(rig.embedded.world, request);
  expect(permissions).toContain('s3:ListBucket on backup');
  const plain = await dryRun(rig.embedded.world, { ...request, options: {} });
  expect(plain.permissions).not.toContain('s3:ListBucket on backup');
});
