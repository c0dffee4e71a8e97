import { describe, expect, it } from 'vitest';
import {
  errorDocument,
  errorLines,
  lossLines,
  resultDocument,
  resultLine,
  type Subject,
} from '../../../lib/cli/output/result.ts';
import { exitCodeOf, Interrupted, UsageError } from '../../../lib/cli/process/exit.ts';
import { GiveUp, RetryLater, SourceChanged } from '../../../lib/copy/model/errors.ts';
import type { CopyResult } from '../../../lib/copy/model/result.ts';

const plain = (_colour: string, text: string) => text;
const subject: Subject = {
  mode: 'copy',
  store: { scheme: 'oss', endpoint: 'http://127.0.0.1:1' },
  source: { bucket: 'a', key: 'x y.bin', versionId: 'v1' },
  destination: { bucket: 'b', key: 'z\u001b.bin' },
};
const result: CopyResult = {
  way: 'parts',
  size: 64 * 1024 ** 2,
  etag: 'E',
  parts: 4,
  verifiedBy: 'crc64',
  lost: [{ what: 'tags', why: 'no permission' }],
};

describe('one object for people', () => {
  it('says what happened, to which object, how', () => {
    expect(resultLine(subject, result, 2, plain)).toBe(
      '✓ copied oss://a/x y.bin (version v1) -> oss://b/z\\x1b.bin (64.0 MiB, 4 parts, CRC-64 equal, 2.0 s, 32.0 MiB/s)',
    );
    expect(
      resultLine({ ...subject, mode: 'rename' }, { ...result, way: 'direct', verifiedBy: 'etag' }, 0.1, plain),
    ).toMatch(/^✓ moved .* \(64\.0 MiB, ETag equal, 0\.1 s\)$/);
    expect(resultLine(subject, { ...result, way: 'unchanged' }, 0.1, plain)).toMatch(
      /^= unchanged .*nothing was written/,
    );
    expect(
      resultLine({ ...subject, mode: 'rename' }, { ...result, way: 'unchanged', sourceRemoved: true }, 0.1, plain),
    ).toMatch(/^✓ moved .*equal already/);
    expect(resultLine({ ...subject, mode: 'metadata' }, { ...result, way: 'attributes-only' }, 0.1, plain)).toMatch(
      /^✓ changed oss:\/\/a\/x y.bin \(version v1\) \(64\.0 MiB, no copy needed, 0\.1 s\)$/,
    );
  });

  it('names every loss', () => {
    expect(lossLines([...result.lost, { what: 'acl', wanted: 'public-read', got: 'private' }], plain)).toEqual([
      '! not kept: tags: no permission',
      '! not kept: acl (wanted public-read, got private)',
    ]);
  });

  it('adds what the store said to an error', () => {
    const answer = { operation: 'CopyObject', status: 403, code: 'AccessDenied', ec: '0003-00000001', requestId: 'R1' };
    expect(errorLines(new GiveUp('AccessDenied', 'no permission to read oss://a/x', { answer }), plain)).toEqual([
      '✗ no permission to read oss://a/x',
      '  store: CopyObject 403 AccessDenied 0003-00000001 request R1',
    ]);
    const message =
      'HeadObject of oss://a/x: there is no such object. [404 NoSuchKey 0026-00000001 "No [x]." request R2]';
    expect(errorLines(new GiveUp('NotFound', message.replace('[x]', 'x'), { answer }), plain)).toEqual([
      '✗ HeadObject of oss://a/x: there is no such object.',
      '  store: 404 NoSuchKey 0026-00000001 "No x." request R2',
    ]);
    const inside = 'CopyObject: not in one region. [403 AccessDenied] Bucket a is in cn-shanghai.';
    expect(errorLines(new GiveUp('CrossRegion', inside), plain, 40)).toEqual([
      '✗ CopyObject: not in one region. Bucket',
      '  a is in cn-shanghai.',
      '  store: 403 AccessDenied',
    ]);
    expect(errorLines(new GiveUp('NotFound', 'oss://a/x [1] is gone'), plain)).toEqual(['✗ oss://a/x [1] is gone']);
    expect(errorLines(new UsageError('wrong'), plain)).toEqual(['✗ wrong']);
    expect(errorLines(new TypeError('x is undefined'), plain)).toEqual(['✗ unexpected: x is undefined']);
  });
});

describe('one object for machines', () => {
  it('keeps names as they are', () => {
    expect(resultDocument(subject, result, 2.00049, 'j1')).toEqual({
      status: 'copied',
      mode: 'copy',
      source: 'oss://a/x y.bin',
      sourceVersionId: 'v1',
      destination: 'oss://b/z\u001b.bin',
      way: 'parts',
      size: 64 * 1024 ** 2,
      etag: 'E',
      parts: 4,
      verifiedBy: 'crc64',
      lost: [{ what: 'tags', why: 'no permission' }],
      seconds: 2,
      job: 'j1',
    });
  });

  it('gives the decision with the error', () => {
    const answer = { operation: 'HeadObject', status: 404 };
    expect(errorDocument(subject, new GiveUp('NotFound', 'gone', { answer }))).toMatchObject({
      status: 'failed',
      source: 'oss://a/x y.bin',
      error: { code: 'NotFound', decision: 'give-up', message: 'gone', store: answer },
    });
    expect(errorDocument(undefined, new UsageError('bad'))).toMatchObject({ error: { code: 'Usage', message: 'bad' } });
  });
});

describe('exit codes', () => {
  it.each([
    [new UsageError('x'), 2],
    [new GiveUp('SameObject', 'x'), 2],
    [new GiveUp('StateUnusable', 'x'), 2],
    [new GiveUp('InvalidCredentials', 'x'), 2],
    [new GiveUp('NotFound', 'x'), 1],
    [new GiveUp('BadRequest', 'x'), 2],
    [new GiveUp('BadRequest', 'x', { answer: { operation: 'CopyObject', status: 400 } }), 1],
    [new SourceChanged('x'), 1],
    [new RetryLater('x'), 1],
    [new Error('x'), 1],
    [new Interrupted('x'), 130],
  ])('%s is %i', (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });
});
