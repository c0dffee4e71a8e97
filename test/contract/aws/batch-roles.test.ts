/**
 * What the functions ask the store for when they create, control, work on and sweep batches, held against the roles of the
 * packaged CloudFormation: everything asked is allowed, and of the work folder nothing is allowed that is not asked.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchInput, BatchWorld } from '../../../lib/batch/index.ts';
import {
  cancelBatch,
  createBatch,
  pauseBatch,
  readBatch,
  results,
  resumeBatch,
  retryBatch,
  sweepBatches,
} from '../../../lib/batch/index.ts';
import { readConfig } from '../../../lib/config/env.ts';
import type { Invocation } from '../../../lib/copy/model/ports.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import { sweep } from '../../../lib/copy/sweep.ts';
import { workBucket } from '../../../lib/runtime/shared/cloud-config.ts';
import { noRules } from '../../../lib/replicate/rules/rules.ts';
import { openEmbedded } from '../../../lib/runtime/embedded/open.ts';
import { runTask } from '../../../lib/runtime/shared/run-task.ts';
import type { RequestRecord } from '../../../lib/twin/requests.ts';
import { startTwin } from '../../../lib/twin/start.ts';
import type { Access, Statement } from './iam.ts';
import { allows, arnsOf, roleOf } from './iam.ts';
import type { Packaged } from './template.ts';
import { ofType, packageStack } from './template.ts';

const MiB = 1024 * 1024;
const [source, backup, kept] = ['ferry-dev-source', 'ferry-dev-backup', 'ferry-dev-work'];
const functions = ['Api', 'Work', 'Sweep'] as const;
type FunctionName = (typeof functions)[number];

let stack: Packaged;
const asked: Record<FunctionName, Access[]> = { Api: [], Work: [], Sweep: [] };
beforeAll(async () => {
  stack = await packageStack('dev');
  await observe();
}, 300_000);

const variablesOf = (name: FunctionName) => {
  const [, lambda] = ofType(stack, 'AWS::Lambda::Function').find(([id]) => id === `${name}LambdaFunction`) ?? [];
  return (lambda?.['Environment'] as { Variables: Record<string, string> }).Variables;
};

/** Does as the functions do, one after the other, and notes what each asks of the store. */
async function observe(): Promise<void> {
  const twin = await startTwin({ buckets: [source, backup, kept].map((name) => ({ name })) });
  const home = mkdtempSync(join(tmpdir(), 'ferry-roles-'));
  const { accessKeyId, secretAccessKey } = twin;
  const embedded = await openEmbedded({ home, credentials: { s3: async () => ({ accessKeyId, secretAccessKey }) } });
  const tasks: Task[] = [];
  const queue = { send: async (sent: Task[]) => void tasks.push(...structuredClone(sent)) };
  const store = { scheme: 's3' as const, endpoint: twin.url, region: 'eu-central-1' };
  const config = readConfig({}, { stores: { s3: { endpoint: twin.url, region: store.region } } });
  const workPlace = workBucket(variablesOf('Work')['FERRY_WORK'] ?? '', config);
  const world: BatchWorld = { ...embedded.batches, queue, workPlace };
  const by = async <T>(name: FunctionName, act: () => Promise<T>): Promise<T> => {
    twin.requests.reset();
    const made = await act();
    asked[name].push(...twin.requests.all().flatMap(accessesOf));
    return made;
  };
  const invocation = (): Invocation => ({ id: 'test', deadline: Date.now() + 300_000, attempt: 1 });
  const workOn = async () => {
    for (let task = tasks.shift(); task; task = tasks.shift()) {
      await runTask(world, noRules, world, task, invocation());
    }
  };

  for (let n = 0; n < 30; n += 1) await twin.store.put(source, `in/${n}`, { body: `body ${n}` });
  await twin.store.put(source, 'in/large', { size: 400 * MiB });
  const input: BatchInput = {
    mode: 'copy',
    store,
    source: { kind: 'prefix', bucket: source, prefix: 'in/' },
    destination: { bucket: backup },
    options: { overwrite: 'if-different' },
    pageSize: 10,
  };
  const { id } = await by('Api', () => createBatch(world, input));
  await by('Api', () => pauseBatch(world, id));
  await by('Work', workOn);
  await by('Api', () => resumeBatch(world, id));
  // As if they were lost.
  tasks.length = 0;
  await by('Sweep', async () => {
    const later = { before: Date.now() + 3_600_000, limit: 10 };
    expect(await sweepBatches(world, invocation(), later)).toBe(1);
    await sweep(world, invocation(), { limit: 10 });
  });
  await by('Work', workOn);
  const doomed = await by('Api', () => createBatch(world, { ...input, mode: 'rename' }));
  await by('Api', () => cancelBatch(world, doomed.id));
  await by('Work', workOn);
  const again = await by('Api', () => retryBatch(world, id, { statuses: ['copied'] }));
  await by('Work', workOn);
  // Rows in conflict leave files of their own in the work folder.
  const rows = ['0', '1', '2'].map((n) => ({
    bucket: source,
    key: `in/${n}`,
    destination: `out/${n === '2' ? 2 : 0}`,
  }));
  await twin.store.put(source, 'list.jsonl', { body: rows.map((row) => JSON.stringify(row)).join('\n') });
  const list = { kind: 'manifest', format: 'jsonl', file: { bucket: source, key: 'list.jsonl' } } as const;
  const checked = await by('Api', () => createBatch(world, { ...input, source: list }));
  await by('Work', workOn);
  const { summary } = await by('Api', () => readBatch(world, checked.id));
  expect(summary).toMatchObject({ counts: { failed: 2, copied: 1 }, failures: { RowConflict: 2 } });
  const views = await by('Api', async () => {
    const statuses: string[] = [];
    for await (const { status } of results(world, again.id)) statuses.push(status);
    expect(statuses).toHaveLength(31);
    return await Promise.all([id, doomed.id, again.id].map((one) => readBatch(world, one)));
  });
  expect(views.map(({ state, ended }) => `${state} ${ended}`)).toEqual(['done true', 'cancelled true', 'done true']);
  closers.push(async () => {
    await embedded.close();
    await twin.close();
    rmSync(home, { recursive: true, force: true });
  });
}
const closers: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
});

const on = (bucket: string, key?: string) => `arn:aws:s3:::${bucket}${key === undefined ? '' : `/${key}`}`;
const readSource: Access[] = ['s3:GetObject', 's3:GetObjectTagging'].map((action) => ({
  action,
  resource: on(source, 'in/0'),
}));

/** What S3 checks before it answers. */
function accessesOf({ operation, bucket = '', key = '', query, status }: RequestRecord): Access[] {
  const at = (...actions: string[]): Access[] => actions.map((action) => ({ action, resource: on(bucket, key) }));
  const list = { action: 's3:ListBucket', resource: on(bucket) };
  const checks: Record<string, () => Access[]> = {
    GetObject: () => [...at('s3:GetObject'), ...(status === 404 ? [list] : [])],
    HeadObject: () => [...at('s3:GetObject'), ...(status === 404 ? [list] : [])],
    HeadBucket: () => [list],
    PutObject: () => at('s3:PutObject'),
    DeleteObject: () => at('s3:DeleteObject'),
    CopyObject: () => [...readSource, ...at('s3:PutObject', 's3:PutObjectTagging')],
    UploadPartCopy: () => [...readSource, ...at('s3:PutObject')],
    InitiateMultipartUpload: () => at('s3:PutObject'),
    CompleteMultipartUpload: () => at('s3:PutObject'),
    AbortMultipartUpload: () => at('s3:AbortMultipartUpload'),
    ListObjectAnnotations: () => at('s3:ListObjectAnnotations'),
    ListParts: () => at('s3:ListMultipartUploadParts'),
    ListMultipartUploads: () => [{ action: 's3:ListBucketMultipartUploads', resource: on(bucket) }],
    ListObjectsV2: () => [{ ...list, context: { 's3:prefix': query['prefix'] ?? '' } }],
  };
  const check = checks[operation];
  if (!check) throw new Error(`say what S3 checks for ${operation}`);
  return check();
}

const text = ({ action, resource, context }: Access) => [action, resource, ...Object.values(context ?? {})].join(' ');
const ofWorkFolder = (statement: Statement) => arnsOf(statement).some((arn) => arn.startsWith(on(kept)));

describe.each(functions)('the role of %s', (name) => {
  it('allows everything that batches ask of the store', () => {
    const role = roleOf(stack, name);
    const refused = asked[name].filter((access) => !role.some((statement) => allows(statement, access)));
    expect([...new Set(refused.map(text))]).toEqual([]);
    expect(asked[name].length).toBeGreaterThan(0);
  });

  it('allows nothing in the work folder that is not asked', () => {
    const needless = roleOf(stack, name)
      .filter(ofWorkFolder)
      .flatMap((statement) => [statement.Action].flat().map((action) => ({ ...statement, Action: action })))
      .filter((statement) => !asked[name].some((access) => allows(statement, access)));
    expect(needless).toEqual([]);
  });

  it('ends where the work folder ends', () => {
    const outside: Access[] = [
      { action: 's3:GetObject', resource: on(kept, 'batch') },
      { action: 's3:PutObject', resource: on(kept, 'others/1') },
      { action: 's3:DeleteObject', resource: on(kept, 'batches/1/summary.json') },
      { action: 's3:ListBucket', resource: on(kept), context: { 's3:prefix': '' } },
      { action: 's3:ListBucket', resource: on(kept), context: { 's3:prefix': 'others/' } },
    ];
    const role = roleOf(stack, name);
    expect(outside.filter((access) => role.some((statement) => allows(statement, access)))).toEqual([]);
  });
});

it('leaves the functions that have no batches without the work folder', () => {
  expect(roleOf(stack, 'ObjectCreated').filter(ofWorkFolder)).toEqual([]);
});
