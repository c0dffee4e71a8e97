import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { commandText, readCommand, type PrefixCommand } from '../../../lib/cli/input/prefix-command.ts';
import { planDocument, planLines } from '../../../lib/cli/output/plan.ts';
import { Tally } from '../../../lib/cli/run/tally.ts';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
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

describe('Tally', () => {
  it('counts an object once per thing it lost', () => {
    const tally = new Tally();
    const lost = [{ what: 'tags' }, { what: 'tags' }, { what: 'acl' }];
    tally.succeed({ way: 'direct', size: 5, lost });
    tally.succeed({ way: 'unchanged', size: 5, lost: [{ what: 'tags' }] });
    tally.fail(new GiveUp('NotFound', 'x'));
    tally.fail(new TypeError('x'));
    expect(Object.fromEntries(tally.losses)).toEqual({ tags: 2, acl: 1 });
    expect(tally.text(2)).toBe(
      '2 objects, 10 B in 2.0 s (5 B/s), 1 of them unchanged; 2 failed (1 NotFound, 1 Unexpected)',
    );
    expect(tally.exitCode()).toBe(3);
  });
});

describe('the command in the run log', () => {
  const command: PrefixCommand = {
    mode: 'rename',
    store: { scheme: 'oss', endpoint: 'http://127.0.0.1:1', region: 'cn-hangzhou' },
    source: { bucket: 'a', prefix: 'logs/' },
    destination: { bucket: 'b', prefix: '' },
    options: { metadata: { base: 'merge', set: { a: '1' } }, overwrite: 'never' },
    include: ['*.log'],
    objects: 16,
  };

  it('survives the disk', () => {
    expect(readCommand(JSON.parse(JSON.stringify(command)))).toEqual(command);
    expect(commandText(command)).toBe('mv oss://a/logs/ oss://b/');
  });

  it('is not guessed when it is something else', () => {
    expect(readCommand({ mode: 'teleport' })).toBeUndefined();
    expect(readCommand(undefined)).toBeUndefined();
    expect(commandText(null)).toMatch(/another version/);
  });
});
