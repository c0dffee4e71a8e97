import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readEvents } from '../../../lib/replicate/events/read.ts';
import { replicateEvent } from '../../../lib/replicate/replicate.ts';
import type { RuleSet } from '../../../lib/replicate/rules/rules.ts';
import { loadRules } from '../../../lib/replicate/rules/rules.ts';
import { openEmbedded } from '../../../lib/runtime/embedded/open.ts';
import { ruleRequest } from '../../../lib/cli/requests/rule-request.ts';
import { createBatch, type BatchView } from '../../../lib/batch/index.ts';
import type { Rig } from '../engine/rig.ts';
import { failure } from './failure.ts';

const invocation = () => ({ id: 'test', attempt: 1, deadline: Date.now() + 60_000 });

function rulesOf(rig: Rig, rule: object): RuleSet {
  return loadRules({ store: { ...rig.address }, rules: [{ name: 'backup', ...rule }] });
}

const toBackup = {
  source: { bucket: 'photos' },
  destination: { bucket: 'backup' },
  deletes: 'all',
  deleteMarkers: true,
};

/** A notification as S3 sends it: the key is form-encoded. */
function notification(eventName: string, key: string, object: object = {}): object {
  const s3 = { bucket: { name: 'photos' }, object: { key: encodeURIComponent(key).replaceAll('%20', '+'), ...object } };
  const eventTime = new Date().toISOString();
  return {
    Records: [{ eventVersion: '2.1', eventSource: 'aws:s3', awsRegion: 'us-east-1', eventTime, eventName, s3 }],
  };
}

async function deliver(rig: Rig, rules: RuleSet, ...notifications: object[]): Promise<void> {
  for (const one of notifications) {
    for (const event of readEvents(one).events) await replicateEvent(rig.embedded.world, rules, event, invocation());
  }
}

async function reconcile({ twin: { accessKeyId, secretAccessKey }, address }: Rig, rules: RuleSet): Promise<BatchView> {
  const home = mkdtempSync(join(tmpdir(), 'ferry-reconcile-'));
  const credentials = { [address.scheme]: async () => ({ accessKeyId, secretAccessKey }) };
  const embedded = await openEmbedded({ home, rules, credentials });
  try {
    const command = { mode: 'reconcile' as const, name: 'backup', fix: true, objects: 16 };
    const { id } = await createBatch(embedded.batches, ruleRequest(rules, command));
    return await embedded.runBatch(id);
  } finally {
    await embedded.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** The record as a first handler reads it. */
function naiveKey(one: object): string {
  return (one as { Records: { s3: { object: { key: string } } }[] }).Records[0]?.s3.object.key ?? '';
}

async function naiveCopy(rig: Rig, key: string): Promise<void> {
  await rig.store.copyObject({
    source: { bucket: 'photos', key },
    sourceIfMatch: '',
    destination: { bucket: 'backup', key },
    metadata: { directive: 'copy' },
    tags: 'copy',
  });
}

failure('s3', 'aws/aws-sdk-js#2751', 'the key of an event is used as it comes', {
  given: async ({ twin }) => void (await twin.store.put('photos', 'my file +1.txt', { body: 'hello' })),
  naive: (rig) => naiveCopy(rig, naiveKey(notification('ObjectCreated:Put', 'my file +1.txt'))),
  ours: (rig) => deliver(rig, rulesOf(rig, toBackup), notification('ObjectCreated:Put', 'my file +1.txt')),
  check: ({ twin }) => expect(twin.store.keys('backup')).toEqual(['my file +1.txt']),
});

failure('s3', 'aws-samples/amazon-s3-checksum-verification#3', 'the handler is triggered by its own copies', {
  given: async ({ twin }) => void (await twin.store.put('photos', 'in/a', { body: 'hello' })),
  naive: async (rig) => {
    // Everything in the bucket goes below copies/, and each copy is an event again.
    for (let key = 'in/a', hops = 0; hops < 5; hops += 1, key = `copies/${key}`) {
      const [source, destination] = [key, `copies/${key}`].map((one) => ({ bucket: 'photos', key: one }));
      const plain = { sourceIfMatch: '', metadata: { directive: 'copy' }, tags: 'copy' } as const;
      if (source && destination) await rig.store.copyObject({ source, destination, ...plain });
    }
  },
  ours: async (rig) => {
    const intoItself = { source: { bucket: 'photos' }, destination: { bucket: 'photos', key: 'copies/{key}' } };
    expect(() => rulesOf(rig, intoItself)).toThrow(/rule 'backup'/);
    const rules = rulesOf(rig, {
      source: { bucket: 'photos', prefix: 'in/' },
      destination: { bucket: 'photos', key: 'copies/{key}' },
    });
    for (let hop = 0; hop < 5; hop += 1) {
      for (const key of rig.twin.store.keys('photos'))
        await deliver(rig, rules, notification('ObjectCreated:Copy', key));
    }
  },
  check: ({ twin }) => expect(twin.store.keys('photos')).toEqual(['copies/in/a', 'in/a']),
});

const put = (sequencer: string) => notification('ObjectCreated:Put', 'a', { size: 5, eTag: 'x', sequencer });
const removed = (sequencer: string) => notification('ObjectRemoved:Delete', 'a', { sequencer });

failure('s3', 'minio/minio#18272', 'sequencers of different length are compared as text, and a late create wins', {
  // Put, then deleted: the later sequencer is the longer one, and the put arrives last.
  naive: async (rig) => {
    const order = [removed('10A'), put('9F')].sort((a, b) => (sequencerOf(a) < sequencerOf(b) ? -1 : 1));
    for (const one of order) {
      if (JSON.stringify(one).includes('ObjectCreated')) await rig.twin.store.put('backup', 'a', { body: 'stale' });
      else rig.twin.store.delete('backup', 'a');
    }
  },
  ours: (rig) => deliver(rig, rulesOf(rig, toBackup), removed('10A'), put('9F'), put('9F')),
  check: ({ twin }) => expect(twin.store.keys('backup')).toEqual([]),
});

function sequencerOf(one: object): string {
  return (one as { Records: { s3: { object: { sequencer: string } } }[] }).Records[0]?.s3.object.sequencer ?? '';
}

failure('s3', 'awslabs/amazon-s3-data-replication-hub-plugin#86', 'deletes stop when versioning is switched on', {
  given: async ({ twin }) => {
    twin.store.bucket('photos').settings.versioning = 'Enabled';
    await twin.store.put('photos', 'a', { body: 'hello' });
    await twin.store.put('backup', 'a', { body: 'hello' });
    twin.store.delete('photos', 'a');
  },
  naive: async (rig) => {
    const marker: string = 'ObjectRemoved:DeleteMarkerCreated';
    if (marker === 'ObjectRemoved:Delete') rig.twin.store.delete('backup', 'a');
  },
  ours: (rig) =>
    deliver(rig, rulesOf(rig, toBackup), notification('ObjectRemoved:DeleteMarkerCreated', 'a', { versionId: 'v2' })),
  check: ({ twin }) => expect(twin.store.keys('backup')).toEqual([]),
});

failure('s3', 'aws-solutions-library-samples/data-transfer-hub#127', 'what a lost event left out stays out', {
  given: async ({ twin }) => {
    await twin.store.put('photos', 'a', { body: 'hello' });
    await twin.store.put('photos', 'never told of', { body: 'hello' });
    await twin.store.put('photos', 'changed', { body: 'newer' });
    await twin.store.put('backup', 'changed', { body: 'older' });
  },
  // Retries repeat events that were sent; they cannot know of events that were not.
  naive: (rig) => deliver(rig, rulesOf(rig, toBackup), notification('ObjectCreated:Put', 'a')),
  ours: async (rig) => {
    const rules = rulesOf(rig, toBackup);
    await deliver(rig, rules, notification('ObjectCreated:Put', 'a'));
    const { counts } = await reconcile(rig, rules);
    expect(counts).toMatchObject({
      counts: { copied: 2 },
      differences: { missing: 1, different: 1 },
      passedOver: { equal: 1 },
    });
  },
  check: async ({ twin }) => {
    for (const key of twin.store.keys('photos')) {
      expect(await twin.store.bytes('backup', key)).toEqual(await twin.store.bytes('photos', key));
    }
  },
});
