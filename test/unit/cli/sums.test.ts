import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { BatchView, Summary, Tally } from '../../../lib/batch/index.ts';
import { noTally } from '../../../lib/batch/model/tally.ts';
import { manyRequest, type Many } from '../../../lib/cli/requests/many-request.ts';
import { oldRunText, readOldRun, restOfOldRun } from '../../../lib/cli/requests/old-run.ts';
import { lineDocument, manyEndLine } from '../../../lib/cli/output/many.ts';
import { planDocument, planLines } from '../../../lib/cli/output/plan.ts';
import type { CopyRequest } from '../../../lib/copy/model/request.ts';
import { estimate, prices } from '../../../lib/cost/request-prices.ts';

const pipe = new PassThrough();
const plain = (_colour: string, text: string) => text;
const request: CopyRequest = {
  mode: 'rename',
  store: { scheme: 's3' },
  source: { bucket: 'a', key: 'x' },
  destination: { bucket: 'b', key: 'y' },
  options: {},
};
const calls = { HeadObject: 3, UploadPartCopy: 16, ListParts: 1, CompleteMultipartUpload: 1, DeleteObject: 1 };

describe('prices', () => {
  it('charges reads, writes and free calls by the list', () => {
    expect(estimate(prices.s3, calls, 'STANDARD')).toBeCloseTo(4 * 0.0000004 + 17 * 0.000005, 12);
    expect(estimate(prices.s3, calls, 'deep_archive')).toBeCloseTo(4 * 0.0000004 + 17 * 0.00005, 12);
    expect(estimate(prices.oss, { DeleteObject: 10_000 }, 'Standard')).toBeCloseTo(0.01, 12);
  });

  it('fears the worst of a class it does not know', () => {
    expect(estimate(prices.s3, { CopyObject: 1000 }, 'FANCY')).toBeCloseTo(0.05, 12);
  });

  it('names its month and region', () => {
    for (const list of Object.values(prices))
      expect(list).toMatchObject({ asOf: expect.stringMatching(/^\d{4}-\d\d$/) });
  });
});

describe('the plan', () => {
  const parts = [
    { size: 64 * 1024 ** 2, count: 15 },
    { size: 1024, count: 1 },
  ];

  it('reads like a plan', () => {
    const lost = [{ what: 'acl', why: 'no permission to read it' }];
    expect(
      planLines(
        request,
        { way: 'parts', size: 1_006_633_984, parts, calls, permissions: ['s3:GetObject on a'], lost },
        pipe,
        plain,
      ),
    ).toEqual([
      'plan for s3://a/x -> s3://b/y (dry run: nothing is written)',
      '  size         960 MiB',
      '  way          16 parts: 15 of 64.0 MiB, 1 of 1.00 KiB',
      '  calls        22: 3 HeadObject, 16 UploadPartCopy, 1 ListParts, 1 CompleteMultipartUpload, 1 DeleteObject',
      '  price        about 0.000087 USD (requests only, list prices of 2025-06, us-east-1)',
      '  permissions  s3:GetObject on a',
      '  lost         acl: no permission to read it',
    ]);
  });

  it('says when there is nothing to do, and what one call does', () => {
    const plan = { size: 1, calls: { HeadObject: 2 }, permissions: [], lost: [] };
    expect(planLines(request, { ...plan, way: 'unchanged' }, pipe, plain)[2]).toMatch(/nothing to do/);
    expect(planLines(request, { ...plan, way: 'direct' }, pipe, plain)[2]).toMatch(/one CopyObject/);
    expect(planLines(request, { ...plan, way: 'direct' }, pipe, plain)[6]).toBe('  lost         nothing');
  });

  it('is a document for machines', () => {
    const plan = { way: 'parts' as const, size: 9, parts, calls, permissions: [], lost: [] };
    expect(planDocument(request, plan)).toMatchObject({
      status: 'planned',
      source: 's3://a/x',
      destination: 's3://b/y',
      calls,
      parts,
      price: { currency: 'USD', amount: expect.closeTo(0.0000866, 9) },
    });
  });
});

describe('the end of many objects', () => {
  const tally = { ...noTally, entries: 5, bytes: 10, counts: { copied: 1, unchanged: 1, skipped: 1, failed: 2 } };
  const view = (counts: Partial<Tally>): BatchView => ({
    ...{ id: 'b1', state: 'done', paused: false, priority: 0, objectsKnown: 5, throttled: 0, rate: 1, ended: true },
    ...{ startedAt: 0, updatedAt: 0, pages: { done: 1, known: 1, complete: true } },
    request: {
      mode: 'copy',
      store: { scheme: 's3' },
      source: { kind: 'prefix', bucket: 'a', prefix: '' },
      options: {},
    },
    counts: { ...tally, ...counts },
    summary: { seconds: 2 } as Summary,
  });

  it('is one line', () => {
    expect(manyEndLine(view({ failures: { NotFound: 1, AccessDenied: 1 } }), plain)).toBe(
      '! copied 1 object, 10 B in 2.0 s (5 B/s); 1 unchanged; 1 skipped; 2 failed (1 NotFound, 1 AccessDenied)',
    );
    expect(manyEndLine(view({ entries: 1, bytes: 0, counts: { copied: 1 } }), plain)).toBe(
      '✓ copied 1 object, 0 B in 2.0 s',
    );
  });

  it('has a document for each object, as for one', () => {
    const about = { mode: 'rename' as const, store: request.store, options: {} };
    const names = { bucket: 'a', key: 'x', destination: { bucket: 'b', key: 'y' } };
    const done = { ...names, status: 'renamed' as const, size: 5, etag: 'E', way: 'direct' as const };
    expect(lineDocument(about, { ...done, verifiedBy: 'etag' })).toMatchObject({
      ...{ status: 'moved', mode: 'rename', source: 's3://a/x', destination: 's3://b/y', sourceRemoved: true, size: 5 },
      ...{ way: 'direct', verifiedBy: 'etag', lost: [] },
    });
    expect(lineDocument(about, { ...done, way: 'unchanged' })).toMatchObject({ status: 'moved' });
    const failed = { ...names, status: 'failed' as const, error: { code: 'Archived', message: 'x is archived' } };
    expect(lineDocument(about, failed)).toMatchObject({
      ...{ status: 'failed', source: 's3://a/x' },
      error: { code: 'Archived', decision: 'give-up', message: 'x is archived' },
    });
  });
});

describe('an interrupted command of a version before batches', () => {
  const command = {
    mode: 'rename' as const,
    store: { scheme: 'oss' as const, endpoint: 'http://127.0.0.1:1', region: 'cn-hangzhou' },
    source: { bucket: 'a', prefix: 'logs/' },
    destination: { bucket: 'b', prefix: '' },
    options: { metadata: { base: 'merge', set: { a: '1' } } },
    include: ['*.log'],
    objects: 16,
  };
  const onDisk = (change: object): unknown => JSON.parse(JSON.stringify({ ...command, ...change }));

  it('is understood', () => {
    expect(readOldRun(onDisk({}))).toEqual(command);
    expect(oldRunText(command)).toBe('oss://a/logs/ -> oss://b/');
  });

  it('is not guessed when it is something else', () => {
    expect(readOldRun({ mode: 'teleport' })).toBeUndefined();
    expect(restOfOldRun(undefined)).toBeUndefined();
    expect(oldRunText(null)).toMatch(/another version/);
  });

  it.each([
    ['copy', undefined, 'if-different'],
    ['copy', 'always', 'if-different'],
    ['copy', 'never', 'never'],
    ['rename', undefined, undefined],
    ['rename', 'always', 'always'],
  ])('that was a %s with overwrite %s goes on with %s', (mode, overwrite, expected) => {
    expect(restOfOldRun(onDisk({ mode, options: { overwrite } }))?.options.overwrite).toBe(expected);
  });

  it('becomes a batch of the same objects', () => {
    expect(manyRequest(command as Many)).toMatchObject({
      ...{ mode: 'rename', source: { kind: 'prefix', bucket: 'a', prefix: 'logs/' }, destination: { bucket: 'b' } },
      ...{ mapping: { kind: 'prefix', from: 'logs/', to: '' }, names: { include: ['*.log'] } },
      ...{ concurrency: 16, objectsAtOnce: 16 },
    });
  });
});
