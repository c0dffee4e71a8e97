import { describe, expect, it } from 'vitest';
import type { BatchView } from '../../../lib/batch/index.ts';
import { noTally } from '../../../lib/batch/model/tally.ts';
import type { BatchFlags } from '../../../lib/cli/input/batch-options.ts';
import { batchRequest } from '../../../lib/cli/requests/batch-request.ts';
import { batchText, countText, exitOf, tallyText } from '../../../lib/cli/output/batch.ts';
import { exit, UsageError } from '../../../lib/cli/process/exit.ts';

const read = (places: string[], flags: BatchFlags = {}, verify = false) =>
  batchRequest({ places, flags, verify, addressOf: (scheme) => ({ scheme }) });

describe('the command line of a batch', () => {
  it('swaps prefixes', () => {
    expect(read(['oss://photos/2024/', 'oss://backup/old/'])).toEqual({
      mode: 'copy',
      store: { scheme: 'oss' },
      source: { kind: 'prefix', bucket: 'photos', prefix: '2024/' },
      destination: { bucket: 'backup' },
      mapping: { kind: 'prefix', from: '2024/', to: 'old/', otherwise: 'fail' },
      options: {},
    });
    expect(read(['oss://photos/2024/', 'oss://backup/2024/']).mapping).toBeUndefined();
  });

  it('takes lists from files and objects', () => {
    const local = read(['s3://backup/x/'], { manifest: '/lists/a.jsonl', rename: true, columns: ['key'] });
    expect(local).toMatchObject({
      mode: 'rename',
      store: { scheme: 's3' },
      source: { kind: 'manifest', file: { path: '/lists/a.jsonl' }, format: 'jsonl' },
      mapping: { kind: 'prefix', from: '', to: 'x/' },
    });
    expect(read([], { manifest: 's3://lists/a.csv', onBad: 'fail' })).toMatchObject({
      source: { kind: 'manifest', file: { bucket: 'lists', key: 'a.csv' }, format: 'auto', onBad: 'fail' },
    });
    expect(read(['oss://b'], { inventory: 'oss://inv/manifest.json', allVersions: true })).toMatchObject({
      source: { kind: 'inventory', file: { bucket: 'inv', key: 'manifest.json' }, versions: 'all' },
    });
  });

  it('changes what is below a prefix where it is', () => {
    expect(read(['s3://photos/2024/'], { inPlace: true, meta: { owner: 'ann' }, acceptLoss: true })).toEqual({
      mode: 'metadata',
      store: { scheme: 's3' },
      source: { kind: 'prefix', bucket: 'photos', prefix: '2024/' },
      options: { acceptLoss: true, metadata: { base: 'merge', set: { owner: 'ann' } } },
    });
  });

  it('keeps its report in the bucket or folder of --report', () => {
    expect(read(['s3://a/x/', 's3://b/x/'], { report: 's3://reports/here' }).work).toEqual({
      kind: 'bucket',
      store: { scheme: 's3' },
      bucket: 'reports',
      prefix: 'here/',
    });
    expect(read(['s3://a/x/', 's3://b/x/'], { report: '/reports' }).work).toEqual({ kind: 'folder', path: '/reports' });
  });

  it('knows filters, limits and patterns', () => {
    const flags = { minSize: 5, class: ['IA'], rate: 10, keyPattern: '(.*)', keyTo: 'x/$1', unfit: 'skip' } as const;
    expect(read(['s3://a/', 's3://b'], { ...flags, class: ['IA'] })).toMatchObject({
      mapping: { kind: 'pattern', pattern: '(.*)', to: 'x/$1', otherwise: 'skip' },
      filters: { minSize: 5, storageClasses: ['IA'] },
      limits: { requestsPerSecond: 10 },
    });
  });

  it.each<[why: string, places: string[], flags: BatchFlags, message: RegExp]>([
    ['nothing', [], {}, /name the objects/],
    ['no destination', ['oss://a/x/'], {}, /name a destination/],
    ['a destination in place', ['oss://a/x/', 'oss://b/'], { inPlace: true }, /takes no destination/],
    ['two stores', ['oss://a/x/', 's3://b/'], {}, /one store to another/],
    ['a list of another store', ['oss://a/x/'], { manifest: 's3://l/a.csv' }, /one store to another/],
    ['two lists', ['oss://a/x/'], { manifest: 'a', inventory: 'b' }, /one list/],
    ['a source beside a list', ['oss://a/x/', 'oss://b/'], { manifest: 'a' }, /only the destination/],
    ['three places', ['oss://a/x/', 'oss://b/', 'oss://c/'], {}, /too many/],
    ['no store', [], { manifest: 'a.csv', inPlace: true }, /--scheme/],
    ['the same place', ['oss://a/x/', 'oss://a/x/'], {}, /the same/],
    ['a destination inside', ['oss://a/x/', 'oss://a/x/y/'], {}, /inside the source/],
    [
      'both kinds of mapping',
      ['oss://a/', 'oss://b'],
      { keyTemplate: '{key}', keyPattern: 'a', keyTo: 'b' },
      /contrad/,
    ],
    ['half a pattern', ['oss://a/', 'oss://b'], { keyPattern: 'a' }, /belong together/],
    ['a template below a prefix', ['oss://a/', 'oss://b/p/'], { keyTemplate: '{key}' }, /put the prefix/],
    ['a move in place', ['oss://a/'], { rename: true, inPlace: true }, /contradict/],
    [
      'columns that are none',
      ['oss://a/'],
      { manifest: 'a.csv', columns: ['kee'] },
      /invalid manifest options: columns/,
    ],
    ['a report elsewhere', ['oss://a/', 'oss://b/'], { report: 's3://r/' }, /same store/],
  ])('refuses %s', (_why, places, flags, message) => {
    expect(() => read(places, flags)).toThrow(UsageError);
    expect(() => read(places, flags)).toThrow(message);
  });

  it('compares without writing when it verifies', () => {
    expect(read(['oss://a/x/', 'oss://b/x/'], {}, true).mode).toBe('verify');
  });
});

function view(change: Partial<BatchView> = {}): BatchView {
  return {
    id: 'b1',
    state: 'copying',
    paused: false,
    request: read(['oss://photos/2024/', 'oss://backup/old/']),
    priority: 0,
    counts: noTally,
    pages: { done: 1, known: 4, complete: false },
    objectsKnown: 2000,
    throttled: 0,
    rate: 120,
    startedAt: 0,
    updatedAt: 0,
    ended: false,
    ...change,
  };
}

describe('what is said of a batch', () => {
  it('names both sides', () => {
    expect(batchText(view().request)).toBe('oss://photos/2024/ -> oss://backup/old/');
    expect(batchText(read(['s3://backup/x/'], { manifest: '/lists/a.jsonl' }))).toBe(
      '/lists/a.jsonl -> s3://backup/x/',
    );
  });

  it('counts by outcome, and failures by class', () => {
    const counts = { copied: 1204, failed: 2 };
    const tally = { ...noTally, entries: 1206, counts, failures: { NotFound: 2 }, rejected: 1 };
    expect(tallyText(tally)).toBe('copied 1,204, failed 2 (2 NotFound), 1 malformed row');
    expect(tallyText(noTally)).toBe('nothing');
  });

  it('tells progress, failures, throttling and what is left', () => {
    const counts = { ...noTally, entries: 500, counts: { copied: 499, failed: 1 } };
    expect(countText(view({ counts, throttled: 3, pace: 40 }))).toBe(
      '500/2,000+ objects, 120/s, 1 failed, throttled 3x, pace 40/s',
    );
    const pages = { done: 1, known: 4, complete: true };
    expect(countText(view({ pages, etaSeconds: 90, paused: true }))).toBe(
      '0/2,000 objects, 120/s, 1 min 30 s left, paused',
    );
  });

  it.each([
    [{ copied: 2 }, 'done', exit.done],
    [{ copied: 1, failed: 1 }, 'done', exit.someFailed],
    [{ failed: 2 }, 'done', exit.failed],
    [{ same: 1, different: 1 }, 'done', exit.someFailed],
    [{ copied: 2 }, 'cancelled', exit.failed],
  ] as const)('ends %o, %s, with exit code %i', (counts, state, code) => {
    expect(exitOf(view({ state, counts: { ...noTally, entries: 2, counts } }))).toBe(code);
  });
});
