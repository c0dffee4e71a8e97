import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { jobLines, jobPercent, jobTable, runTable } from '../../../lib/cli/render-jobs.ts';
import type { Job } from '../../../lib/copy/job.ts';

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
    expect(jobTable([job, { ...job, id: 'j20', state: 'planned', pin: undefined, parts: undefined }], now)).toEqual([
      'ID   STATE    DONE      SIZE         AGE  OBJECT',
      'j1   copying   50%  1.00 GiB  3 min 20 s  oss://a/x -> oss://b/y\\x1b',
      'j20  planned     -         -  3 min 20 s  oss://a/x -> oss://b/y\\x1b',
    ]);
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
    expect(runTable([run], now)).toEqual([
      'INTERRUPTED  OBJECTS     BYTES  AGE  COMMAND',
      'r1             1,200  2.00 KiB  5 s  cp s3://a/l/ s3://b/',
    ]);
  });
});
