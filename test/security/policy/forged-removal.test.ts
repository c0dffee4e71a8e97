/** Events are no proof: a sender may claim anything of an object that belongs to another user. */
import { describe, expect, it } from 'vitest';
import { loadRules } from '../../../lib/replicate/rules/rules.ts';
import { ModelWorld } from '../../unit/replicate/model-world.ts';

const source = { bucket: 'photos', key: 'k' };
const replica = { bucket: 'backup', key: 'k' };

function verified(): ModelWorld {
  const rule = {
    name: 'r',
    source: { bucket: 'photos' },
    destination: { bucket: 'backup' },
    deletes: 'verified' as const,
  };
  return new ModelWorld(loadRules({ store: { scheme: 's3' }, rules: [rule] }));
}

describe('deletes: verified', () => {
  it("leaves a person's object that a removal describes by its ETag and size", async () => {
    const model = verified();
    const { etag } = model.store.put(replica, 'mine');
    for (const said of [etag, etag.toUpperCase(), `"${etag}"`]) model.removedEvent(source, { etag: said, size: 4 });
    await model.settle();
    expect(model.store.get(replica)?.data).toBe('mine');
  });

  it('leaves what a person wrote over a replica, although the removal describes that very object', async () => {
    const model = verified();
    model.put(source, 'one');
    await model.settle();
    const { etag } = model.store.put(replica, 'mine');
    model.store.remove(source);
    model.removedEvent(source, { etag, size: 4 });
    await model.settle();
    expect(model.store.get(replica)?.data).toBe('mine');
  });

  it('leaves a replica whose source is there, whatever the removal says', async () => {
    const model = verified();
    model.put(source, 'one');
    await model.settle();
    model.removedEvent(source, { etag: model.store.get(replica)?.etag, size: 3 });
    await model.settle();
    expect(model.store.get(replica)?.data).toBe('one');
  });

  it('removes our replica, whatever the removal says of its ETag', async () => {
    const model = verified();
    model.put(source, 'one');
    await model.settle();
    model.store.remove(source);
    model.removedEvent(source, { etag: 'something else', size: 99 });
    await model.settle();
    expect(model.store.get(replica)).toBeUndefined();
  });
});
