/** A world in memory: enough of a store, a table and a queue for the API's own tests. */
import { addressFilter } from '../../../lib/api/callbacks/addresses.ts';
import type { Caller } from '../../../lib/api/callers/callers.ts';
import { callerFrom } from '../../../lib/api/callers/callers.ts';
import { handleApi } from '../../../lib/api/handle.ts';
import type { ApiRequest, ApiResponse } from '../../../lib/api/http/http.ts';
import type { ApiDeps } from '../../../lib/api/model/deps.ts';
import type { ApiMessage } from '../../../lib/api/model/message.ts';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import type { Job } from '../../../lib/copy/model/job.ts';
import type { ObjectHead, StoreAddress } from '../../../lib/copy/model/object.ts';
import type { Clock, ObjectStore, SendOptions, StateTable, World } from '../../../lib/copy/model/ports.ts';
import type { StoreFacts } from '../../../lib/copy/model/store-facts.ts';
import { defaultSettings } from '../../../lib/copy/model/settings.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import { ModelShared } from '../../simulation/model/shared.ts';

export const start = Date.UTC(2026, 0, 2, 3, 4, 5);

/** Base64 of 24 bytes each. */
export const secrets = {
  media: 'whsec_bWVkaWEtbWVkaWEtbWVkaWEtbWVkaWEt',
  old: 'whsec_b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQt',
  stranger: 'whsec_c3RyYW5nZXItc3RyYW5nZXItc3RyYW5n',
};

export const keys = { media: 'media-key-0123456789abcdef', other: 'other-key-0123456789abcdef' };

/** As a configuration file has them. */
export const callerConfigs = [
  {
    name: 'media',
    keys: [keys.media],
    secrets: [secrets.media, secrets.old],
    read: ['oss://media/uploads/', 'oss://shared', 's3://assets'],
    write: ['oss://media/uploads/', 'oss://backup', 's3://assets'],
    callbackHosts: [
      'hooks.example.com',
      '*.wild.example',
      'http://plain.example:8080',
      '127.0.0.1',
      '[::1]',
      'inside.example',
    ],
  },
  { name: 'other', keys: [keys.other], read: ['oss://other'], write: ['oss://other'] },
];

export const callers: Caller[] = callerConfigs.map(callerFrom);

export const stores: Record<string, StoreAddress> = {
  oss: { scheme: 'oss', region: 'cn-hangzhou' },
  s3: { scheme: 's3', region: 'eu-central-1' },
};

const facts: StoreFacts = {
  scheme: 'oss',
  directSameBucket: Infinity,
  directOtherBucket: 5e9,
  directRewrite: 1e9,
  minPartSize: 100 * 1024,
  maxPartSize: 5e9,
  maxParts: 10_000,
  maxObjectSize: 48.8e12,
  maxKeyBytes: 1023,
  forbiddenKeyStarts: ['/', '\\'],
  sameRegionOnly: false,
  tellsPartLayout: false,
  compositeEtag: false,
  defaultStorageClass: 'Standard',
  defaultAcl: 'default',
  aclAt: 'complete',
  forbidsOverwrite: true,
  conditionalDelete: false,
  metadataOnlySelfCopy: true,
};

/** Small objects by `bucket/key`. Every call is counted, also those to methods that are not here. */
export function fakeStore(objects: Record<string, Partial<ObjectHead>>) {
  const calls: string[] = [];
  const known = new Map(Object.entries(objects));
  const methods: Partial<ObjectStore> = {
    address: stores['oss'],
    facts,
    async head({ bucket, key }) {
      const found = known.get(`${bucket}/${key}`);
      if (!found) {
        const answer = {
          operation: 'HeadObject',
          status: 404,
          code: 'NoSuchKey',
          ec: '0026-00000001',
          requestId: 'R1',
        };
        throw new GiveUp('NotFound', `oss://${bucket}/${key} does not exist.`, { answer });
      }
      return { ...plainHead, ...found };
    },
    async copyObject({ source, destination, metadata }) {
      const found = known.get(`${source.bucket}/${source.key}`) ?? {};
      const changed = metadata.directive === 'replace' ? { userMetadata: metadata.userMetadata } : {};
      known.set(`${destination.bucket}/${destination.key}`, { ...found, ...changed });
      return { etag: found.etag ?? plainHead.etag };
    },
    getTags: async () => ({}),
    getAcl: async () => ({ canned: 'default' }),
    async delete({ bucket, key }) {
      known.delete(`${bucket}/${key}`);
      return { marker: false };
    },
  };
  const store = new Proxy(methods, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name === 'facts' || name === 'address' || (name === 'region' && member === undefined)) return member;
      return (...args: unknown[]) => {
        calls.push(String(name));
        if (typeof member !== 'function') throw new Error(`the fake store has no ${String(name)}`);
        return member.apply(target, args) as unknown;
      };
    },
  });
  return { store: store as ObjectStore, calls, known };
}

const plainHead: ObjectHead = {
  size: 5,
  etag: 'E1',
  lastModified: start - 1000,
  content: { contentType: 'text/plain' },
  userMetadata: {},
  storageClass: 'Standard',
  kind: 'normal',
  archived: false,
  clientEncrypted: false,
  tagCount: 0,
  crc64: '42',
};

export function memoryState(clock: Clock): StateTable & { rows: Map<string, Job> } {
  const rows = new Map<string, Job>();
  return {
    rows,
    async create(job) {
      const had = rows.get(job.id);
      if (!had) rows.set(job.id, job);
      return { landed: !had, job: had ?? job };
    },
    get: async (id) => rows.get(id),
    async move(job, change) {
      const had = rows.get(job.id);
      if (had?.revision !== job.revision) return { landed: false, job: had };
      const moved = { ...had, ...change, revision: had.revision + 1, updatedAt: clock.now() };
      rows.set(job.id, moved);
      return { landed: true, job: moved };
    },
    async count(id, parts) {
      const job = rows.get(id);
      if (!job) return undefined;
      rows.set(id, { ...job, partsDone: job.partsDone + parts });
      return job.partsDone + parts;
    },
    due: async () => [],
    async list({ states, limit, cursor }) {
      const all = [...rows.values()].reverse().filter((job) => !states || states.includes(job.state));
      const from = Number(cursor ?? 0);
      const next = from + limit;
      return { jobs: all.slice(from, next), cursor: next < all.length ? String(next) : undefined };
    },
  };
}

export interface Bench {
  deps: ApiDeps;
  world: World;
  rows: Map<string, Job>;
  /** What the store holds, by `bucket/key`. */
  known: Map<string, Partial<ObjectHead>>;
  calls: string[];
  tasks: Task[];
  messages: { message: ApiMessage; options?: SendOptions }[];
  logs: string[];
  clock: { time: number };
  dns: Map<string, string[]>;
  call(request: Partial<ApiRequest> & { json?: unknown }): Promise<ApiResponse>;
}

/** @param objects what the store holds, by `bucket/key` */
export function bench(objects: Record<string, Partial<ObjectHead>> = {}): Bench {
  const clock = { time: start };
  const { store, calls, known } = fakeStore(objects);
  const tasks: Task[] = [];
  const messages: Bench['messages'] = [];
  const logs: string[] = [];
  const dns = new Map([['hooks.example.com', ['93.184.216.34']]]);
  const write = (message: string, fields?: object) => void logs.push(`${message} ${JSON.stringify(fields)}`);
  const time: Clock = { now: () => clock.time, sleep: async () => undefined };
  const state = memoryState(time);
  const world: World = {
    store: () => store,
    state,
    shared: new ModelShared(time.now).port(),
    queue: { send: async (sent) => void tasks.push(...sent) },
    clock: time,
    random: () => 0.5,
    log: { debug: write, info: write, warn: write, error: write },
    settings: defaultSettings,
  };
  const tooFar = (name: string): never => {
    calls.push(name);
    throw new Error(`the fake world has no ${name}`);
  };
  let ids = 0;
  const deps: ApiDeps = {
    world,
    stores,
    callers,
    messages: { send: async (sent, options) => void messages.push(...sent.map((message) => ({ message, options }))) },
    // Batches are tried on the twin; here, a request that gets so far has gone too far.
    batches: { ...world, files: () => tooFar('files'), sources: () => tooFar('sources') },
    isAllowed: addressFilter(),
    resolve: async (host) => {
      const found = dns.get(host);
      if (!found) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
      return found;
    },
    newId: () => `new-${++ids}`,
  };
  const call: Bench['call'] = ({ json, ...request }) =>
    handleApi(
      deps,
      fullRequest(json === undefined ? request : { body: Buffer.from(JSON.stringify(json)), ...request }),
      {
        id: 'i1',
        deadline: start + 30_000,
        attempt: 1,
      },
    );
  return { deps, world, rows: state.rows, known, calls, tasks, messages, logs, clock, dns, call };
}

/** A POST of JSON by the caller "media", unless told otherwise. */
export function fullRequest(request: Partial<ApiRequest>): ApiRequest {
  return {
    method: 'POST',
    path: '/v1/copies',
    query: '',
    body: Buffer.alloc(0),
    ...request,
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${keys.media}`,
      ...request.headers,
    },
  };
}

export function json(response: ApiResponse): Record<string, unknown> {
  return JSON.parse(response.body) as Record<string, unknown>;
}
