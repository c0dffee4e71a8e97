/** The engine's ports, as one invocation holds them: every call goes through the actor, where faults and time strike. */
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import type { Job } from '../../../lib/copy/model/job.ts';
import type { ObjectHead, ObjectRef } from '../../../lib/copy/model/object.ts';
import type {
  CallOptions,
  LogFields,
  ObjectStore,
  SharedRecords,
  StateTable,
  TaskQueue,
  World,
  WriteResult,
} from '../../../lib/copy/model/ports.ts';
import type { Call, Actor } from '../actor.ts';
import { Commit } from '../actor.ts';
import type { Simulation } from '../simulation.ts';
import { checksum, crc64 } from './content.ts';
import type { StoredObject } from './objects.ts';

export function worldOf(sim: Simulation, actor: Actor): World {
  const store = storePort(sim, actor);
  return {
    store: () => store,
    state: statePort(sim, actor),
    shared: sharedPort(sim, actor),
    queue: queuePort(sim, actor),
    clock: { now: () => actor.now(), sleep: (ms, signal) => actor.sleep(ms, signal) },
    random: () => actor.random.next(),
    log: logOf(sim, actor),
    settings: sim.scenario.settings,
  };
}

/** Logs go to the trace. An exception that the engine catches and only logs is still a bug of the engine. */
function logOf(sim: Simulation, actor: Actor): World['log'] {
  const say = (message: string, fields?: LogFields): void => {
    if (sim.tracing) sim.say(actor.name, `log: ${message} ${JSON.stringify(fields ?? {})}`);
    if (/^(Type|Range|Reference|Syntax)?Error:/.test(String(fields?.['error'])))
      sim.violate('error', `${message}: ${fields?.['error']}`);
  };
  return { debug: say, info: say, warn: say, error: say };
}

function storePort(sim: Simulation, actor: Actor): ObjectStore {
  const { model, scenario } = sim;
  const { quirks } = scenario.dialect;
  const by = actor.name;
  const call = <T>(
    name: string,
    ref: ObjectRef,
    options: CallOptions | undefined,
    apply: () => T | Commit<T>,
    more = '',
  ): Promise<T> => {
    const about = `${ref.bucket}/${ref.key}${more}`;
    const asked: Call = { port: 'store', name, about, deadline: options?.deadline };
    return actor.call(asked, apply);
  };
  return {
    address: scenario.address,
    facts: scenario.dialect.facts,
    head: (ref, options) =>
      call('HeadObject', ref, options, () => {
        actor.memory.saw(ref, undefined);
        const object = model.find(ref, 'HeadObject');
        actor.memory.saw(ref, object);
        return headOf(sim, object, options);
      }),
    copyObject: (asked, options) =>
      call('CopyObject', asked.destination, options, () => {
        sim.watch.copyAsked(asked, actor);
        const finish = model.beginCopy(asked, by);
        return new Commit(() => written(sim, finish()));
      }),
    initiate: (asked, options) =>
      call('InitiateMultipartUpload', asked.destination, options, () => ({
        uploadId: model.initiate(asked, by, 'ferry').id,
      })),
    uploadPartCopy: (asked, options) =>
      call(
        'UploadPartCopy',
        asked.destination,
        options,
        () => {
          sim.watch.partAsked(asked, actor);
          if (sim.isUnseen(asked.uploadId)) throw new GiveUp('NoSuchUpload', 'the upload is not known here yet');
          const finish = model.beginPart(asked, by);
          return new Commit(() => ({ etag: finish().etag }));
        },
        ` ${asked.uploadId} part ${asked.partNumber}`,
      ),
    complete: (asked, options) => {
      const { bucket, key } = asked.destination;
      const request: Call = {
        port: 'store',
        name: 'CompleteMultipartUpload',
        about: `${bucket}/${key} ${asked.uploadId}`,
        deadline: options?.deadline,
        sent: () => sim.watch.completeAsked(asked, actor),
      };
      return actor.call(request, () => {
        const result = written(sim, model.complete(asked, by));
        return quirks.silentComplete ? { ...result, etag: undefined } : result;
      });
    },
    abort: (destination, uploadId, options) =>
      call('AbortMultipartUpload', destination, options, () => model.abort(uploadId, by), ` ${uploadId}`),
    listParts: (destination, uploadId, options) =>
      call(
        'ListParts',
        destination,
        options,
        () => {
          const upload = model.listed(uploadId);
          const after = options?.after ?? 0;
          const limit = Math.min(options?.limit ?? 1000, scenario.listLimit);
          const sorted = [...upload.parts.values()]
            .sort((a, b) => a.number - b.number)
            .filter((part) => part.number > after);
          const parts = sorted.slice(0, limit).map(({ number, size, etag }) => ({ number, size, etag }));
          actor.memory.sawParts(
            uploadId,
            parts.map((part) => part.number),
            after === 0,
          );
          const next = sorted.length > limit ? parts[parts.length - 1]?.number : undefined;
          return { parts, next, initiator: quirks.partsTellInitiator ? upload.initiator : undefined };
        },
        ` ${uploadId}`,
      ),
    listUploads: (destination, options) =>
      call('ListMultipartUploads', destination, options, () => {
        if (!quirks.listsUploads) throw new GiveUp('Unsupported', 'this store does not list uploads');
        return [...model.uploads.values()]
          .filter(
            ({ call: { destination: at }, listedFrom }) =>
              at.bucket === destination.bucket && at.key === destination.key && listedFrom <= sim.scheduler.now,
          )
          .map((upload) => ({
            key: destination.key,
            uploadId: upload.id,
            initiated: upload.initiated,
            initiator: quirks.tellsInitiator ? upload.initiator : undefined,
          }));
      }),
    getTags: (ref, options) => call('GetObjectTagging', ref, options, () => model.find(ref, 'GetObjectTagging').tags),
    putTags: (ref, tags, options) =>
      call('PutObjectTagging', ref, options, () => {
        model.find(ref, 'PutObjectTagging').tags = tags;
      }),
    getAcl: (ref, options) =>
      call('GetObjectAcl', ref, options, () => ({ canned: model.find(ref, 'GetObjectAcl').acl })),
    putAcl: (ref, acl, options) =>
      call('PutObjectAcl', ref, options, () => {
        model.find(ref, 'PutObjectAcl').acl = acl.canned ?? 'private';
      }),
    delete: (ref, options) =>
      call('DeleteObject', ref, options, () => {
        sim.watch.deleteAsked(ref, options?.ifMatch, actor);
        model.remove(ref, by, options?.ifMatch);
        return { marker: quirks.versioned && ref.versionId === undefined };
      }),
  };
}

function headOf(
  sim: Simulation,
  object: StoredObject,
  options: { partNumber?: number; checksum?: boolean } | undefined,
): ObjectHead {
  const { quirks } = sim.scenario.dialect;
  const first = options?.partNumber === undefined ? undefined : object.layout?.[options.partNumber - 1];
  return {
    size: first ?? object.size,
    etag: object.etag,
    lastModified: object.lastModified,
    versionId: object.versionId,
    content: object.content,
    userMetadata: object.userMetadata,
    storageClass: object.storageClass,
    encryption: object.encryption,
    kind: object.layout ? 'multipart' : 'normal',
    archived: false,
    clientEncrypted: false,
    tagCount: Object.keys(object.tags).length,
    crc64: quirks.tellsCrc64 ? crc64(object.data) : undefined,
    checksum:
      options?.checksum && object.checksumAlgorithm
        ? {
            algorithm: object.checksumAlgorithm,
            value: checksum(object.checksumAlgorithm, object.data),
            fullObject: true,
          }
        : undefined,
    partsCount: first === undefined ? undefined : object.layout?.length,
  };
}

function written(sim: Simulation, object: StoredObject): WriteResult {
  return {
    etag: object.etag,
    versionId: object.versionId,
    crc64: sim.scenario.dialect.quirks.tellsCrc64 ? crc64(object.data) : undefined,
  };
}

function statePort(sim: Simulation, actor: Actor): StateTable {
  const { table } = sim;
  const call = <T>(name: string, id: string, apply: () => T): Promise<T> =>
    actor.call({ port: 'state', name, about: id }, apply);
  const saw = (job: Job | undefined): void => {
    if (job) actor.memory.rows.set(job.id, job);
  };
  return {
    create: (job) =>
      call('create', job.id, () => {
        const created = table.create(job);
        saw(created.job);
        return created;
      }),
    get: (id) =>
      call('get', id, () => {
        const job = table.get(id);
        saw(job);
        return job;
      }),
    move: (job, change) =>
      call('move', `${job.id}${sim.tracing ? ` r${job.revision} ${JSON.stringify(change)}` : ''}`, () => {
        const landed = table.move(job, change, actor.name, actor.now());
        saw(landed.job);
        return landed;
      }),
    count: (id, parts, attentionAt) =>
      call('count', `${id} +${parts}`, () => {
        sim.watch.counted(id, parts, actor);
        return table.count(id, parts, attentionAt);
      }),
    due: (before, limit) => call('due', '', () => table.due(before, limit)),
    list: () => call('list', '', () => table.list()),
  };
}

function sharedPort({ shared }: Simulation, actor: Actor): SharedRecords {
  return {
    get: (id) => actor.call({ port: 'state', name: 'getShared', about: id }, () => shared.get(id)),
    compareAndSet: (id, found, value, expiresAt) =>
      actor.call({ port: 'state', name: 'setShared', about: id }, () =>
        shared.compareAndSet(id, found, value, expiresAt),
      ),
  };
}

function queuePort(sim: Simulation, actor: Actor): TaskQueue {
  return {
    send: (tasks, options) => {
      const about = sim.tracing ? JSON.stringify(tasks) : '';
      return actor.call({ port: 'queue', name: 'send', about }, () => {
        sim.watch.sent(tasks, actor);
        sim.queue.send(tasks, options?.delayMs ?? 0);
      });
    },
  };
}
