import { describe, expect, it } from 'vitest';
import { lackingAnnotations } from '../../../lib/copy/fidelity/annotations.ts';
import type { ObjectStore } from '../../../lib/copy/model/ports.ts';

const copy = { bucket: 'backup', key: 'a' };

function storeWith(names: string[]): ObjectStore {
  const annotations = names.map((name) => ({ name, size: 1, etag: 'e' }));
  return { listAnnotations: async () => annotations } as unknown as ObjectStore;
}

describe('a copy whose source is another version by now', () => {
  it('names the annotations that it lacks, for no worker can carry them any more', async () => {
    expect(await lackingAnnotations(storeWith(['x']), copy, 2)).toMatchObject([{ what: 'annotations', got: '1' }]);
  });

  it('lacks none when an earlier worker has carried them all', async () => {
    expect(await lackingAnnotations(storeWith(['x', 'y']), copy, 2)).toEqual([]);
  });

  it('asks the store for nothing when the copied version had none', async () => {
    expect(await lackingAnnotations({} as ObjectStore, copy, 0)).toEqual([]);
  });
});
