/** Events name what they like: what no store can have made is refused by name, and what only names things is cut. */
import { describe, expect, it } from 'vitest';
import { objectCreatedHandler } from '../../../functions/object-created.ts';
import { readEvents } from '../../../lib/replicate/events/read.ts';
import { context, modelRuntime, notification } from '../../unit/functions/runtime.ts';

const long = 'signature'.repeat(30_000);

function oss(over: { key?: string; bucket?: string; eTag?: string; requestId?: string; name?: string } = {}) {
  const { key = 'k', bucket = 'photos', eTag, requestId = 'r', name = 'ObjectCreated:PutObject' } = over;
  const object = { key, ...(eTag !== undefined && { eTag }) };
  const responseElements = { requestId };
  return { eventName: name, eventSource: 'acs:oss', oss: { bucket: { name: bucket }, object }, responseElements };
}

function s3(field: 'versionId' | 'sequencer' | 'eTag', text: string) {
  const object = { key: 'k', [field]: text };
  return { eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'photos' }, object } };
}

describe('a field of an event that is longer than any store has it', () => {
  it.each([
    ['key', { events: [oss({ key: 'k'.repeat(1_025) })] }, /its key has 1025 bytes, and no store has more than 1024/],
    ['key in bytes', { events: [oss({ key: 'ü'.repeat(513) })] }, /its key has 1026 bytes/],
    ['bucket', { events: [oss({ bucket: long })] }, /its bucket has 270000 bytes/],
    ['ETag', { events: [oss({ eTag: long })] }, /its etag has 270000 bytes/],
    ['version', { Records: [s3('versionId', long)] }, /its versionId has 270000 bytes/],
  ])('is named in the reason of its dead letter: %s', (_name, body, reason) => {
    expect(() => readEvents(body)).toThrow(reason);
    try {
      readEvents(body);
    } catch (error) {
      expect(String(error).length).toBeLessThan(400);
    }
  });

  it('is cut where it names no object: the id, the sequencer', () => {
    const [first] = readEvents({ events: [oss({ requestId: long })] }).events;
    expect(first?.id).toMatch(/^(signature){28}.*\.\.\.$/);
    expect(first?.id.length).toBeLessThanOrEqual(260);
    const [second] = readEvents({ Records: [s3('sequencer', long)] }).events;
    expect(second?.sequencer?.length).toBeLessThanOrEqual(260);
    expect(second?.id.length).toBeLessThanOrEqual(260);
  });

  it('is not repeated in full where the record is refused for something else', () => {
    for (const name of [`ObjectCreated:${long}`, `ObjectRemoved:${long}`]) {
      const record = { ...oss({ name }), oss: {} };
      expect(() => readEvents({ events: [record] })).toThrow(/^.{0,400}$/);
    }
    const foreign = { eventSource: long, eventName: 'ObjectCreated:Put', s3: {} };
    const { refused } = readEvents({ Records: [s3('eTag', 'e'), foreign] });
    expect(refused?.message).toMatch(/^.{0,400}$/);
    expect(() => readEvents({ [long]: 1 })).toThrow(/^.{0,400}$/);
  });

  it('leaves a key of 1,024 bytes and a decoded key of 1,023 alone', () => {
    expect(readEvents({ events: [oss({ key: 'k'.repeat(1_024) })] }).events[0]?.key).toHaveLength(1_024);
    const encoded = '%C3%BC'.repeat(511);
    const record = s3('sequencer', '1');
    record.s3.object.key = encoded;
    expect(readEvents({ Records: [record] }).events[0]?.key).toBe('ü'.repeat(511));
  });
});

describe('one record that no store can have sent', () => {
  it('does not keep the others from their replicas, and is thrown afterwards', async () => {
    const { model, getRuntime } = modelRuntime();
    model.put({ bucket: 'photos', key: 'good' }, 'good');
    const bad = notification('x'.repeat(2_000)).Records;
    const body = { Records: [...bad, ...notification('good').Records] };
    await expect(objectCreatedHandler(getRuntime)(body, context)).rejects.toThrow(/its key has 2000 bytes/);
    expect(model.store.get({ bucket: 'backup', key: 'good' })?.data).toBe('good');
  });
});
