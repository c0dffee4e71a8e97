import { describe, expect, it } from 'vitest';
import { viewBatch } from '../../../lib/api/views/batch.ts';
import type { BatchRequest, BatchView } from '../../../lib/batch/index.ts';
import { noTally } from '../../../lib/batch/model/tally.ts';

const prefix = { kind: 'prefix', bucket: 'photos', prefix: '2024/' } as const;
const list = { kind: 'manifest', file: { bucket: 'lists', key: 'l.csv' }, format: 'csv' } as const;
const into = (to: string, from = '') => ({ kind: 'prefix', from, to, otherwise: 'fail' }) as const;
const backup = { bucket: 'backup' };

/** Source and destination of a batch, as the API answers them. */
function shown(over: object): (string | undefined)[] {
  const request = { mode: 'copy', store: { scheme: 'oss' }, source: prefix, options: {}, ...over } as BatchRequest;
  const pages = { done: 0, known: 0, complete: false };
  const view = { id: 'b', request, counts: noTally, pages, startedAt: 0, updatedAt: 0 } as unknown as BatchView;
  const { source, destination } = viewBatch(view, { oss: { scheme: 'oss' } });
  return [source, destination];
}

describe('the places of a batch', () => {
  it.each([
    ['one prefix for another', { destination: backup, mapping: into('archive/', '2024/') }, 'oss://backup/archive/'],
    ['the same keys in another bucket', { destination: backup }, 'oss://backup/2024/'],
    [
      'a prefix before the keys of a list',
      { source: list, destination: backup, mapping: into('a/') },
      'oss://backup/a/',
    ],
    ['a list that names whole keys', { source: list, destination: backup }, 'oss://backup/'],
    ['a template', { destination: backup, mapping: { kind: 'template', template: '{name}' } }, 'oss://backup/'],
    ['another prefix of the same bucket', { mapping: into('old/', '2024/') }, 'oss://photos/old/'],
    ['a list whose objects stay in their buckets', { source: list }, undefined],
    ['objects that are changed in place', { mode: 'metadata' }, undefined],
  ])('name the prefix where the objects go: %s', (_what, over, to) => {
    expect(shown(over)[1]).toBe(to);
  });

  it('name the prefix, the list or the batch that is read', () => {
    expect(shown({})[0]).toBe('oss://photos/2024/');
    expect(shown({ source: list })[0]).toBe('oss://lists/l.csv');
    expect(shown({ source: { kind: 'results', batchId: 'x', statuses: ['failed'] } })[0]).toBe('/v1/batches/x');
  });
});
