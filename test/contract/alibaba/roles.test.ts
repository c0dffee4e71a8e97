/**
 * What the built bundles ask of OSS, Tablestore and Function Compute while they do everything that they can do, held against the
 * roles of the template: everything that is asked is allowed, and what is allowed is asked, or stands below with its reason.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stageNamed, templateOf } from '../../../alibaba.ts';
import type { FunctionName } from '../../../deploy/alibaba/stage.ts';
import { functionNames } from '../../../deploy/alibaba/stage.ts';
import type { StoreClient } from '../../../lib/store/open.ts';
import { openStore } from '../../../lib/store/open.ts';
import { seededRandom } from '../../../lib/twin/random.ts';
import type { Deployment } from './deploy.ts';
import { deploy } from './deploy.ts';
import type { Access } from './ram.ts';
import { accessesOf, allows, refusedOf, roleOf } from './ram.ts';

const MiB = 1024 * 1024;
const stage = { ...stageNamed('dev'), write: ['ferry-dev-backup', 'ferry-dev-archive'], setsAcls: true };
const template = templateOf(stage, { bucket: stage.codeBucket, object: 'code.zip' });
const [source = '', backup = '', archive = ''] = [...stage.read, ...stage.write];
const apiKey = 'roles-key-0123456789abcdef';
const patience = { timeout: 45_000, interval: 200 };

let at: Deployment;
let store: StoreClient;
const asked = Object.fromEntries(functionNames.map((name) => [name, []])) as unknown as Record<FunctionName, Access[]>;
beforeAll(async () => {
  at = await deploy({
    stage,
    template,
    // JSON is YAML.
    config: JSON.stringify({
      callers: [
        {
          name: 'roles',
          keys: [apiKey],
          read: [source, backup, archive].map((bucket) => `oss://${bucket}`),
          write: [backup, archive].map((bucket) => `oss://${bucket}`),
          seesAllJobs: true,
        },
      ],
      defaultStore: 'oss',
      rules: [
        { name: 'all', source: { bucket: source }, destination: { bucket: backup }, deletes: 'verified' },
        ...['keep', 'private'].map((acl) => ({
          name: acl,
          source: { bucket: source, prefix: 'acl/' },
          destination: { bucket: archive, key: `${acl}/{key}`, acl },
        })),
      ],
    }),
    timeout: 120,
    settings: {
      FERRY_DIRECT_MAX: '2MiB',
      FERRY_PART_SIZE_MIN: '1MiB',
      FERRY_PART_SIZE_MAX: '1MiB',
      FERRY_PART_RESERVE_MS: '4000',
      FERRY_STALE_MS: '3000',
      FERRY_ORPHAN_GRACE_MS: '1000',
      FERRY_KEEP_MS: '10000',
    },
    versioned: [archive],
    sweepMs: 1_000,
    random: seededRandom(1),
    onLine() {},
  });
  const { url: endpoint, ...credentials } = at.oss;
  store = openStore({
    address: { scheme: 'oss', endpoint, region: stage.region },
    credentials: async () => credentials,
  });
}, 120_000);
afterAll(async () => {
  await store?.close();
  await at?.close();
}, 60_000);

async function call(method: string, path: string, body?: object): Promise<{ path: string; answer: Answer }> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const response = await fetch(at.api + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return { path: response.headers.get('location') ?? path, answer: JSON.parse(text) as Answer };
}
interface Answer {
  state?: string;
  ended?: boolean;
  id: string;
}
const isThere = async (bucket: string, key: string) => (await at.oss.store.head(bucket, key)) !== undefined;
const arrived = (bucket: string, key: string) => expect.poll(() => isThere(bucket, key), patience).toBe(true);
const gone = (bucket: string, key: string) => expect.poll(() => isThere(bucket, key), patience).toBe(false);

/** Small and large, by event, by request and in batches; tagged, deleted, cancelled, lost. */
async function useAll(): Promise<void> {
  for (const key of ['small', 'acl/small']) {
    await store.putObject({ bucket: source, key }, 'small', { tags: { a: '1' } });
    await arrived(backup, key);
  }
  for (const acl of ['keep', 'private']) await arrived(archive, `${acl}/acl/small`);
  for (const key of ['large', 'lost']) await at.oss.store.put(source, key, { size: 8 * MiB });
  await store.putTags({ bucket: source, key: 'large' }, { a: '1' });
  at.host.trigger(at.functions.objectCreated.name, event('large', 8 * MiB));
  await arrived(backup, 'large');
  await byRequest();
  await cancelled();
  await inBatches();
  // Its parts never come: the sweep finds the job.
  at.host.trigger(at.functions.objectCreated.name, event('lost', 8 * MiB));
  at.mischief({ duplicates: 0, lost: 1 });
  await expect.poll(() => at.host.queueOf(at.functions.parts.name).counts.lost, patience).toBeGreaterThan(0);
  at.mischief({ duplicates: 0, lost: 0 });
  await arrived(backup, 'lost');
  await store.delete({ bucket: source, key: 'acl/small' });
  await gone(backup, 'acl/small');
  const deleted = () => at.table.requests.some(({ operation }) => operation === 'DeleteRow');
  await expect.poll(deleted, patience).toBe(true);
}

async function byRequest(): Promise<void> {
  const [from, to] = [`oss://${backup}`, `oss://${archive}`];
  await call('POST', '/v1/renames', { from: `${from}/small`, to: `${to}/small` });
  await arrived(archive, 'small');
  const { versionId } = await store.head({ bucket: archive, key: 'small' });
  await call('POST', '/v1/metadata', {
    object: `${to}/small`,
    metadata: { set: { colour: 'red' } },
    tags: { set: { b: '2' } },
    acl: 'private',
  });
  await call('POST', '/v1/copies', {
    source: `${to}/small`,
    sourceVersionId: versionId,
    destination: `${from}/of a version`,
    options: { acl: 'keep', tags: { set: { c: '3' } } },
  });
  await arrived(backup, 'of a version');
  await call('POST', '/v1/renames', { from: `${from}/large`, to: `${to}/large`, options: { acl: 'keep' } });
  await gone(backup, 'large');
  await call('GET', '/v1/jobs');
}

async function cancelled(): Promise<void> {
  at.oss.faults.add({ match: { operation: 'UploadPartCopy' }, effect: { kind: 'latency', ms: 1_000 } });
  try {
    const body = { source: `oss://${source}/large`, destination: `oss://${archive}/cancelled` };
    const { path } = await call('POST', '/v1/copies', body);
    await expect.poll(async () => (await call('GET', path)).answer.state, patience).toBe('copying');
    await call('GET', `${path}/parts`);
    await call('DELETE', path);
  } finally {
    at.oss.faults.clear();
  }
}

async function inBatches(): Promise<void> {
  for (let n = 0; n < 12; n += 1) await at.oss.store.put(source, `many/${n}`, { body: `body ${n}` });
  await at.oss.store.put(source, 'many/large', { size: 4 * MiB });
  const body = {
    source: { prefix: `oss://${source}/many/` },
    destination: `oss://${archive}/many/`,
    pageSize: 5,
    options: { acl: 'keep' },
  };
  // Its first task never comes: the sweep finds the batch.
  at.mischief({ duplicates: 0, lost: 1 });
  const { path } = await call('POST', '/v1/batches', body);
  at.mischief({ duplicates: 0, lost: 0 });
  await expect.poll(async () => (await call('GET', path)).answer.ended, patience).toBe(true);
  await call('GET', `${path}/results`);
  const moved = await call('POST', '/v1/renames', {
    fromPrefix: `oss://${archive}/many/`,
    toPrefix: `oss://${backup}/moved/`,
    options: { acl: 'private' },
  });
  await expect.poll(async () => (await call('GET', moved.path)).answer.state, patience).toBe('done');
}

/** As the native trigger of OSS writes it. */
function event(key: string, size: number) {
  const oss = { bucket: { name: source }, object: { key, size } };
  const record = { eventSource: 'acs:oss', eventName: 'ObjectCreated:PutObject', region: stage.region, oss };
  return { events: [{ ...record, eventTime: new Date().toISOString() }] };
}

it('does with the stand-ins what people ask of an installation', async () => {
  try {
    await useAll();
  } finally {
    Object.assign(asked, accessesOf(at, stage));
  }
}, 300_000);

const byPlatform = 'Function Compute itself uses it, in the name of the function';
const ofVersions = 'a request may name a version of the source';
const notFound = 'without it OSS says that a missing object is forbidden';
const ends = 'a job whose source was changed under it, or that failed, has its upload aborted';
const comesBack = 'late parts can bring an aborted upload back, and a lost Initiate leaves one';
const rereads = 'a second delivery asks which parts are there, and whether an upload is really gone';
/** What the calls above do not show, and why it is allowed. */
const reasons: Record<FunctionName, Record<string, string>> = {
  api: {
    'log:PostLogStoreLogs': byPlatform,
    'oss:GetObjectVersionAcl': ofVersions,
    'oss:ListMultipartUploads': 'a start that is repeated asks whether an upload is really gone',
  },
  objectCreated: {
    'log:PostLogStoreLogs': byPlatform,
    'mns:SendMessage': byPlatform,
    'oss:GetObjectVersion': ofVersions,
    'oss:GetObjectVersionTagging': ofVersions,
    'oss:GetObjectVersionAcl': ofVersions,
    'oss:AbortMultipartUpload': 'the slower one of two starts of a job aborts its own upload',
    'oss:ListParts': rereads,
    'oss:ListMultipartUploads': rereads,
  },
  parts: {
    'log:PostLogStoreLogs': byPlatform,
    'mns:SendMessage': byPlatform,
    'oss:GetObjectVersion': ofVersions,
    'oss:ListObjects': notFound,
    'oss:AbortMultipartUpload': ends,
    'oss:ListParts': rereads,
    'oss:ListMultipartUploads': rereads,
    'ots:PutRow': 'a second delivery counts how many workers the task has ended',
  },
  work: {
    'log:PostLogStoreLogs': byPlatform,
    'mns:SendMessage': byPlatform,
    'oss:GetObjectVersion': ofVersions,
    'oss:GetObjectVersionTagging': ofVersions,
    'oss:GetObjectVersionAcl': ofVersions,
    'oss:AbortMultipartUpload': ends,
    'oss:ListMultipartUploads': rereads,
  },
  sweep: {
    'log:PostLogStoreLogs': byPlatform,
    'oss:PutObject': 'it learns under which name OSS knows it from an upload that it aborts at once',
    'oss:AbortMultipartUpload': comesBack,
    'oss:ListMultipartUploads': comesBack,
  },
};

describe.each(functionNames)('the role of %s', (name) => {
  it('allows everything that the function asks for', () => {
    expect(refusedOf(template, stage, name, asked[name])).toEqual([]);
    expect(asked[name].length).toBeGreaterThan(0);
  });

  it('allows no action that is neither asked for nor needed for a reason', () => {
    const role = roleOf(template, stage, name);
    const isAsked = (permission: Access) => asked[name].some((access) => allows(permission, access));
    const used = new Set(role.filter(isAsked).map(({ action }) => action));
    const known = reasons[name];
    const needless = role.map(({ action }) => action).filter((action) => !used.has(action) && !(action in known));
    expect([...new Set(needless)]).toEqual([]);
    expect(Object.keys(known).filter((action) => !role.some((permission) => permission.action === action))).toEqual([]);
  });
});
