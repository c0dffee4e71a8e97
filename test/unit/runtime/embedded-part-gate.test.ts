import { describe, expect, it } from 'vitest';
import type { ObjectStore, UploadPartCopyCall } from '../../../lib/copy/model/ports.ts';
import { PartGate } from '../../../lib/runtime/embedded/part-gate.ts';
import { settle } from '../queue/virtual-clock.ts';

/** A store whose part copies end when told. */
function slowStore() {
  const atWork: { uploadId: string; end: (error?: Error) => void }[] = [];
  const store = {
    facts: 'facts',
    uploadPartCopy: ({ uploadId }: UploadPartCopyCall) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error): void => {
          atWork.splice(atWork.indexOf(mine), 1);
          if (error) reject(error);
          else resolve({ etag: uploadId });
        };
        const mine = { uploadId, end };
        atWork.push(mine);
      }),
  } as unknown as ObjectStore;
  return { store, atWork, of: (uploadId: string) => atWork.filter((call) => call.uploadId === uploadId).length };
}

const part = (uploadId: string) => ({ uploadId }) as UploadPartCopyCall;
const times = <Value>(count: number, make: () => Value): Value[] => Array.from({ length: count }, make);

describe('part copies in flight', () => {
  it('are bounded per upload, over all guards of it', async () => {
    const gate = new PartGate(10);
    const { store, of, atWork } = slowStore();
    const calls = times(6, () => gate.guard(store, 4).uploadPartCopy(part('a')));
    await settle();
    expect(of('a')).toBe(4);
    atWork[0]?.end();
    await settle();
    expect(of('a')).toBe(4);
    while (atWork.length > 0) {
      atWork[0]?.end();
      await settle();
    }
    expect(await Promise.all(calls)).toHaveLength(6);
  });

  it('are bounded over all, and an upload at its own bound does not hold up the others', async () => {
    const gate = new PartGate(5);
    const { store, of } = slowStore();
    void times(9, () => gate.guard(store, 2).uploadPartCopy(part('a')));
    void times(9, () => gate.guard(store, 5).uploadPartCopy(part('b')));
    await settle();
    expect([of('a'), of('b')]).toEqual([2, 3]);
  });

  it('may be more while a job at work asks for more', async () => {
    const gate = new PartGate(2);
    const { store, of } = slowStore();
    void times(9, () => gate.guard(store, 6).uploadPartCopy(part('a')));
    await settle();
    expect([gate.width, of('a')]).toEqual([2, 2]);
    const takeBack = gate.wish(6);
    void gate.guard(store, 6).uploadPartCopy(part('a'));
    await settle();
    expect([gate.width, of('a')]).toEqual([6, 6]);
    takeBack();
    expect(gate.width).toBe(2);
  });

  it('make room when they fail', async () => {
    const gate = new PartGate(1);
    const { store, atWork } = slowStore();
    const [first, second] = times(2, () => gate.guard(store, 1).uploadPartCopy(part('a')));
    await settle();
    atWork[0]?.end(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    await settle();
    atWork[0]?.end();
    expect(await second).toEqual({ etag: 'a' });
  });

  it('go through a store that is otherwise the same', () => {
    const { store } = slowStore();
    expect(new PartGate(1).guard(store, 1).facts).toBe('facts');
  });
});
