import { describe, expect, it } from 'vitest';
import { settleTags } from '../../../lib/copy/fidelity/losses.ts';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import type { ObjectHead } from '../../../lib/copy/model/object.ts';
import type { ObjectStore } from '../../../lib/copy/model/ports.ts';
import { setAskedTags } from '../../../lib/copy/plan/check-destination.ts';

const source = { bucket: 'photos', key: 'a' };
const destination = { bucket: 'photos', key: 'b' };
const tags = { base: 'merge', set: { kept: 'yes' } } as const;

/** Only tags are asked for; an object that is gone has none. */
function storeOf(objects: Record<string, Record<string, string>>): ObjectStore {
  const find = ({ key }: { key: string }) => {
    const found = objects[key];
    if (!found) throw new GiveUp('NotFound', `no ${key}`);
    return found;
  };
  const store: Partial<ObjectStore> = {
    getTags: async (ref) => find(ref),
    putTags: async (ref, wanted) => void (find(ref) && (objects[ref.key] = wanted)),
  };
  return store as ObjectStore;
}

const set = (store: ObjectStore) =>
  setAskedTags(store, { source, destination, options: { tags } }, { tagCount: 1 } as ObjectHead, {});

describe('tags that the store dropped from a copy', () => {
  const head = (etag: string): ObjectHead =>
    ({ etag, size: 1, content: {}, userMetadata: {}, tagCount: 1 }) as unknown as ObjectHead;
  const settle = async (now: ObjectHead) => {
    const objects: Record<string, Record<string, string>> = { a: { of: 'now' }, b: {} };
    const store = { ...storeOf(objects), head: async () => now };
    const sides = { source, sourceHead: head('copied'), destination, destinationHead: { tagCount: 0 } as ObjectHead };
    return { lost: await settleTags(store, sides, undefined, undefined), tags: objects['b'] };
  };

  it('are set from the source', async () => {
    expect(await settle(head('copied'))).toEqual({ lost: [], tags: { of: 'now' } });
  });

  it('are named as lost when the source was written again, and no tags of the newer version are set', async () => {
    expect(await settle(head('newer'))).toMatchObject({ lost: [{ what: 'tags' }], tags: {} });
  });
});

describe('the tags of an earlier copy', () => {
  it('are set where the store has left them out', async () => {
    const objects = { a: { team: 'x' }, b: {} };
    expect(await set(storeOf(objects))).toEqual([]);
    expect(objects.b).toEqual({ team: 'x', kept: 'yes' });
  });

  it('are left to the worker that has already removed the source', async () => {
    expect(await set(storeOf({ b: { kept: 'yes' } }))).toEqual([]);
  });

  it('end the job when the destination is gone, so that no rename removes the source', async () => {
    await expect(set(storeOf({ a: { team: 'x' } }))).rejects.toMatchObject({ code: 'NotFound' });
  });
});
