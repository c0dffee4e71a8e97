/** Which uploads of a lost Initiate are ours to abort, by what the store says of who started them. */
import { describe, expect, test } from 'vitest';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import type { Job } from '../../../lib/copy/model/job.ts';
import type { ObjectStore, UploadEntry, World } from '../../../lib/copy/model/ports.ts';
import { defaultSettings } from '../../../lib/copy/model/settings.ts';
import { removeOrphans } from '../../../lib/copy/multipart/abort-orphans.ts';

const now = Date.UTC(2026, 0, 15);
const started = now - 2 * defaultSettings.orphanGraceMs;
const destination = { bucket: 'backup', key: 'k' };

interface Says {
  inParts: boolean;
  inList: boolean;
}

/** A store with an upload of ours and one of another client, both from the time of the lost Initiate. */
function scene(says: Says, job: Partial<Job> = {}) {
  const who = new Map([
    ['ours', 'ferry'],
    ['theirs', 'stranger'],
  ]);
  const times = new Map([...who.keys()].map((id) => [id, started]));
  const calls: string[] = [];
  const row = { id: 'job', revision: 1, state: 'failed', destination, intents: [started], ...job } as Job;
  const entry = (uploadId: string): UploadEntry => ({
    key: destination.key,
    uploadId,
    initiated: times.get(uploadId) ?? now,
    ...(says.inList && { initiator: who.get(uploadId) }),
  });
  const store = {
    listUploads: () => Promise.resolve([...who.keys()].map(entry)),
    initiate: () => {
      who.set('probe', 'ferry');
      calls.push('initiate probe');
      return Promise.resolve({ uploadId: 'probe' });
    },
    listParts: (_at: unknown, uploadId: string) => {
      if (!who.has(uploadId)) return Promise.reject(new GiveUp('NoSuchUpload', 'gone'));
      return Promise.resolve({ parts: [], ...(says.inParts && { initiator: who.get(uploadId) }) });
    },
    abort: (_at: unknown, uploadId: string) => {
      who.delete(uploadId);
      calls.push(`abort ${uploadId}`);
      return Promise.resolve();
    },
  } as Partial<ObjectStore> as ObjectStore;
  const intended: number[][] = [];
  const world = {
    clock: { now: () => now },
    settings: defaultSettings,
    log: { info: () => {} },
    state: {
      move: (from: Job, change: Partial<Job>) => {
        intended.push(change.intents ?? []);
        return Promise.resolve({ landed: true, job: { ...from, ...change } });
      },
    },
  } as unknown as World;
  return { run: () => removeOrphans(world, store, row, {}), left: () => [...who.keys()], calls, intended };
}

describe('only ours is aborted', () => {
  test.each<[string, Says]>([
    ['where both lists name who started it', { inParts: true, inList: true }],
    ['where only the list of uploads does, as Ceph since 20', { inParts: false, inList: true }],
  ])('%s', async (_where, says) => {
    const { run, left, calls, intended } = scene(says);
    expect(await run()).toBe(true);
    expect(left()).toEqual(['theirs']);
    expect(calls).toEqual(['initiate probe', 'abort probe', 'abort ours']);
    // The probe is an intent of its own before it is sent.
    expect(intended).toEqual([[started, now]]);
  });

  test('without a probe where the job has learned our name already', async () => {
    const { run, left, calls } = scene({ inParts: true, inList: true }, { initiator: 'ferry' });
    expect(await run()).toBe(true);
    expect(left()).toEqual(['theirs']);
    expect(calls).toEqual(['abort ours']);
  });
});

test('where no initiator is named, time and missing parts decide', async () => {
  const { run, left } = scene({ inParts: false, inList: false });
  expect(await run()).toBe(true);
  expect(left()).toEqual([]);
});
