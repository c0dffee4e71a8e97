/** The ports of one invocation: every call goes through its caller. */
import { Readable } from 'node:stream';
import type { BatchWorld, WorkFiles } from '../../../lib/batch/index.ts';
import type { ObjectStore, SharedRecords, StateTable } from '../../../lib/copy/model/ports.ts';
import type { StoreFacts } from '../../../lib/copy/model/store-facts.ts';
import { drawDialect } from '../model/dialect.ts';
import { random } from '../random.ts';
import type { BatchSimulation } from './batch-simulation.ts';
import type { Caller } from './caller.ts';

const MiB = 1024 * 1024;
const facts: StoreFacts = {
  ...drawDialect(random(1)).facts,
  scheme: 's3',
  directSameBucket: 64 * MiB,
  directOtherBucket: 64 * MiB,
  directRewrite: 64 * MiB,
  minPartSize: MiB,
  sameRegionOnly: false,
  tellsPartLayout: false,
  compositeEtag: false,
  defaultStorageClass: 'STANDARD',
  defaultAcl: 'private',
  defaultEncryption: undefined,
  aclAt: 'initiate',
  conditionalDelete: true,
  forbiddenKeyStarts: [],
};

export function worldOf(sim: BatchSimulation, caller: Caller): BatchWorld {
  const store = storePort(sim, caller);
  const files = filesPort(sim, caller);
  return {
    store: () => store,
    state: statePort(sim, caller),
    shared: sharedPort(sim, caller),
    queue: {
      send: (tasks, options) =>
        caller.call('send', () => sim.queue.send(structuredClone(tasks), options?.delayMs ?? 0)),
    },
    clock: { now: () => caller.now(), sleep: (ms) => caller.sleep(ms) },
    random: () => caller.random.next(),
    log: sim.log,
    settings: sim.settings,
    files: () => files,
    workPlace: { kind: 'folder', path: 'work' },
    sources: () => ({
      list: (bucket, { prefix, startAfter = '', limit }) =>
        caller.call('ListObjectsV2', () => {
          const found = sim.store.list(bucket, prefix, startAfter);
          return { entries: found.slice(0, limit), more: found.length > limit };
        }),
      stream: async (_file, { from = 0, to } = {}) => {
        const rows = sim.scenario.rows?.map((row) => `${JSON.stringify(row)}\n`).join('') ?? '';
        const bytes = await caller.call('GetObject list.jsonl', () => Buffer.from(rows).subarray(from, to));
        return Readable.from([bytes]);
      },
    }),
  };
}

function filesPort({ files }: BatchSimulation, caller: Caller): WorkFiles {
  return {
    read: (name) => caller.call(`read ${name}`, () => files.get(name)),
    readHead: (name) => caller.call(`readHead ${name}`, () => files.get(name)?.split('\n', 1)[0]),
    write: (name, text, { ifAbsent = false } = {}) =>
      caller.call(`write ${name}`, () => {
        if (ifAbsent && files.has(name)) return false;
        files.set(name, text);
        return true;
      }),
    async *list(prefix) {
      const isHere = (name: string): boolean => name.startsWith(prefix) && !name.slice(prefix.length).includes('/');
      yield* await caller.call(`list ${prefix}`, () => [...files.keys()].filter(isHere).sort());
    },
  };
}

function statePort({ table }: BatchSimulation, caller: Caller): StateTable {
  return {
    create: (job) => caller.call(`create ${job.id}`, () => table.create(job)),
    get: (id) => caller.call(`get ${id}`, () => table.get(id)),
    move: (job, change) =>
      caller.call(`move ${job.id} ${change.state ?? ''}`, () => table.move(job, change, caller.name, caller.now())),
    count: (id, parts, attentionAt) => caller.call(`count ${id}`, () => table.count(id, parts, attentionAt)),
    due: (before, limit) => caller.call('due', () => table.due(before, limit)),
    list: () => caller.call('list', () => table.list()),
  };
}

function sharedPort({ shared }: BatchSimulation, caller: Caller): SharedRecords {
  return {
    get: (id) => caller.call(`getShared ${id}`, () => shared.get(id)),
    compareAndSet: (id, found, value, expiresAt) =>
      caller.call(`setShared ${id}`, () => shared.compareAndSet(id, found, value, expiresAt), { isRepeated: true }),
  };
}

function storePort(sim: BatchSimulation, caller: Caller): ObjectStore {
  const { store } = sim;
  const named = ({ key }: { key: string }): string => key;
  return {
    address: { scheme: 's3' },
    facts,
    head: (ref) => caller.call(`HeadObject ${named(ref)}`, () => store.head(ref)),
    copyObject: (call) => {
      sim.copyAsked(call, caller);
      return caller.call(`CopyObject ${named(call.destination)}`, () => {
        const { content } = store.copy(call);
        return { etag: content, crc64: content };
      });
    },
    initiate: (call) =>
      caller.call(`InitiateMultipartUpload ${named(call.destination)}`, () => ({ uploadId: store.initiate(call) })),
    uploadPartCopy: (call) =>
      caller.call(`UploadPartCopy ${call.uploadId} ${call.partNumber}`, () => {
        store.copyPart(call);
        return { etag: `part-${call.partNumber}` };
      }),
    complete: ({ uploadId, forbidOverwrite }) =>
      caller.call(`CompleteMultipartUpload ${uploadId}`, () => {
        const { content } = store.complete(uploadId, forbidOverwrite);
        return { etag: content, crc64: content };
      }),
    abort: (_ref, uploadId) =>
      caller.call(`AbortMultipartUpload ${uploadId}`, () => void store.uploads.delete(uploadId)),
    listParts: (_ref, uploadId) =>
      caller.call(`ListParts ${uploadId}`, () => ({
        parts: [...store.upload(uploadId).parts]
          .map(([number, { size }]) => ({ number, size, etag: `part-${number}` }))
          .sort((a, b) => a.number - b.number),
      })),
    listUploads: ({ bucket, key }) =>
      caller.call(`ListMultipartUploads ${key}`, () =>
        [...store.uploads]
          .filter(([, { call }]) => call.destination.bucket === bucket && call.destination.key === key)
          .map(([uploadId, { initiated }]) => ({ key, uploadId, initiated })),
      ),
    getTags: () => caller.call('GetObjectTagging', () => ({})),
    putTags: () => caller.call('PutObjectTagging', () => undefined),
    getAcl: () => caller.call('GetObjectAcl', () => ({ canned: 'private' })),
    putAcl: () => caller.call('PutObjectAcl', () => undefined),
    delete: (ref, options) =>
      caller.call(`DeleteObject ${named(ref)}`, () => {
        sim.remove(ref, options?.ifMatch);
        return { marker: false };
      }),
  };
}
