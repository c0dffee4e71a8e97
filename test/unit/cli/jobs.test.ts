import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { noLive } from '../../../lib/batch/rows/batch-row.ts';
import { jobLines, jobPercent, jobTable, workText } from '../../../lib/cli/output/jobs.ts';
import type { Job } from '../../../lib/copy/model/job.ts';

const pipe = new PassThrough();
const plain = (_colour: string, text: string) => text;
const now = Date.parse('2026-03-01T12:00:00Z');
const job: Job = {
  id: 'j1',
  revision: 3,
  state: 'copying',
  mode: 'copy',
  store: { scheme: 'oss', endpoint: 'http://127.0.0.1:1' },
  source: { bucket: 'a', key: 'x' },
  destination: { bucket: 'b', key: 'y\u001b' },
  options: {},
  pin: { etag: 'E', size: 1024 ** 3, lastModified: 1 },
  parts: [{ size: 64 * 1024 ** 2, count: 16 }],
  uploadId: 'u1',
  partsDone: 12,
  partsBase: 4,
  createdAt: now - 200_000,
  updatedAt: now - 1_500,
};

describe('jobs', () => {
  it('tells how far they are, and never all of it before they are done', () => {
    expect(jobPercent(job)).toBe(50);
    expect(jobPercent({ ...job, partsDone: 40 })).toBe(99);
    expect(jobPercent({ ...job, state: 'done' })).toBe(100);
    expect(jobPercent({ ...job, parts: undefined })).toBeUndefined();
  });

  it('fit into a table', () => {
    const other: Job = { ...job, id: 'j20', state: 'planned', mode: 'rename', pin: undefined, parts: undefined };
    expect(jobTable([job, other], now, { interrupted: new Set(['j20']) })).toEqual([
      'ID   STATE        MODE    DONE      SIZE         AGE  WHAT',
      'j1   copying      copy     50%  1.00 GiB  3 min 20 s  oss://a/x -> oss://b/y\\x1b',
      'j20  interrupted  rename     -         -  3 min 20 s  oss://a/x -> oss://b/y\\x1b',
    ]);
  });

  it('show the list, the destination and the size of a batch', () => {
    const request = {
      mode: 'copy',
      store: job.store,
      source: { kind: 'manifest', file: { path: '/data/list.csv' }, format: 'csv' },
      destination: { bucket: 'b' },
      mapping: { kind: 'prefix', from: '', to: 'archive/', otherwise: 'fail' },
    };
    const live = { ...noLive, entries: 60, tally: { ...noLive.tally, entries: 12, bytes: 2048 } };
    const batch = { kind: 'batch', request, live };
    const row: Job = { ...job, many: true, batch, pin: undefined, parts: undefined };
    const [, line] = jobTable([row], now);
    expect(line).toBe('j1  copying  copy  12/60  2.00 KiB  3 min 20 s  /data/list.csv -> oss://b/archive/');
    expect(workText(row)).toBe('copy /data/list.csv -> oss://b/archive/ (12 of 60 objects)');
    expect(jobTable([{ ...row, batch: { ...batch, paused: true } }], now)[1]).toContain(' paused ');
  });

  it('tell everything about one', () => {
    const text = jobLines(job, now, pipe, plain).join('\n');
    expect(text).toContain('state        copying, 50%');
    expect(text).toContain('parts        8 of 16 reported');
    expect(text).toContain('upload       u1');
    expect(text).toContain('(2 s ago)');
    const failed = jobLines(
      { ...job, state: 'failed', reason: { code: 'NotFound', message: 'gone' } },
      now,
      pipe,
      plain,
    ).join('\n');
    expect(failed).toContain('reason       NotFound: gone');
    expect(failed).not.toContain('u1');
  });

  it('list interrupted commands', () => {
    const args = {
      mode: 'copy',
      store: { scheme: 's3' },
      source: { bucket: 'a', prefix: 'l/' },
      destination: { bucket: 'b', prefix: '' },
      options: {},
      objects: 4,
    };
    const run = {
      id: 'r1',
      state: 'running' as const,
      args,
      counts: { done: 1200, bytes: 2048 },
      createdAt: now - 5_000,
      updatedAt: now,
    };
    expect(jobTable([], now, { runs: [run] })).toEqual([
      'ID  STATE        MODE   DONE      SIZE  AGE  WHAT',
      'r1  interrupted  copy  1,200  2.00 KiB  5 s  s3://a/l/ -> s3://b/',
    ]);
  });
});
