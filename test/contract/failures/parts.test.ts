import { expect } from 'vitest';
import { defaultSettings } from '../../../lib/copy/model/settings.ts';
import { partCount, plan } from '../../../lib/copy/plan/plan.ts';
import { startCopy } from '../../../lib/copy/start.ts';
import { oss } from '../../../lib/store/dialects/oss.ts';
import { s3 } from '../../../lib/store/dialects/s3.ts';
import type { Rig } from '../engine/rig.ts';
import { destination, failure, inOneCall, inParts, MiB, naiveParts, source } from './failure.ts';

const GiB = 1024 * MiB;

async function equalBytes({ twin }: Rig): Promise<void> {
  const [from, to] = await Promise.all([twin.store.head('photos', 'source'), twin.store.head('backup', 'copy')]);
  expect(to).toMatchObject({ size: from?.size, crc64: from?.crc64 });
}

const large = async ({ twin }: Rig): Promise<void> =>
  void (await twin.store.put('photos', 'source', { size: 12 * MiB + 1 }));

failure('s3', 'aws/aws-sdk-php#2055', 'parts that were tried again end at the wrong place', {
  given: async (rig) => {
    await large(rig);
    const broken = { kind: 'error', status: 500, code: 'InternalError' } as const;
    rig.twin.faults.add({ match: { operation: 'UploadPartCopy', partNumber: 2 }, times: 1, effect: broken });
  },
  naive: async (rig) => {
    const { uploadId } = await rig.store.initiate({ destination, content: {}, userMetadata: {}, tags: {} });
    const size = 12 * MiB + 1;
    const call = { source, sourceIfMatch: '', destination, uploadId, sourceSize: size };
    // The number is given out when the part is done, and the part that failed comes last.
    const ranges = [
      { first: 0, last: 5 * MiB - 1 },
      { first: 10 * MiB, last: size - 1 },
      { first: 5 * MiB, last: 10 * MiB - 1 },
    ];
    const parts: { number: number; etag: string }[] = [];
    for (const range of ranges) {
      const number = parts.length + 1;
      parts.push({ number, etag: (await rig.store.uploadPartCopy({ ...call, partNumber: number, ...range })).etag });
    }
    await rig.store.complete({ destination, uploadId, parts });
  },
  ours: inParts,
  check: equalBytes,
});

failure('s3', 'rclone/rclone#3682', 'the last range ends one byte too late', {
  given: large,
  naive: (rig) => naiveParts(rig, { lastByte: (first, length, size) => Math.min(first + length, size) }),
  ours: inParts,
  check: equalBytes,
});

failure('s3', 'aws/aws-sdk-java-v2#3404', 'a large object needs part number 10,001', {
  naive: async () => Math.ceil((60 * 1024 * GiB) / 1024 / (5 * MiB)),
  ours: async () => {
    const size = (60 * 1024 * GiB) / 1024;
    const planned = plan({ size, sameBucket: false, rewrite: false, facts: s3.facts, settings: defaultSettings });
    return planned.way === 'parts' ? partCount(planned.parts) : 0;
  },
  check: (_rig, parts) => expect(parts).toBeLessThanOrEqual(10_000),
});

failure('s3', 'awslabs/amazon-s3-tar-tool#3', 'an empty object has no range to copy', {
  given: async ({ twin }) => void (await twin.store.put('photos', 'source', { body: '' })),
  naive: naiveParts,
  ours: inOneCall,
  check: equalBytes,
});

failure('oss', 'ali-sdk/ali-oss#820', 'parts of 2 GB run into the gateway timeout', {
  naive: async () => 2 * GiB,
  ours: async () => {
    const facts = oss.facts;
    const planned = plan({ size: 200 * GiB, sameBucket: false, rewrite: false, facts, settings: defaultSettings });
    return planned.way === 'parts' ? Math.max(...planned.parts.map((run) => run.size)) : Infinity;
  },
  check: (_rig, partSize) => expect(partSize).toBeLessThanOrEqual(512 * MiB),
});

const throttled = { kind: 'error', status: 503, code: 'SlowDown', delayMs: 10 } as const;

failure('s3', 'Altinity/clickhouse-backup#1255', 'a store that says slow down is not slowed down for', {
  given: async ({ twin }) => {
    await twin.store.put('photos', 'source', { size: 200 * MiB });
    twin.faults.add({ match: { operation: 'UploadPartCopy', every: 4 }, effect: throttled });
  },
  naive: async (rig) => {
    // Every part at once, and once.
    const { size } = await rig.store.head(source);
    const { uploadId } = await rig.store.initiate({ destination, content: {}, userMetadata: {}, tags: {} });
    const call = { source, destination, uploadId, sourceIfMatch: '', sourceSize: size };
    const before = rig.twin.requests.count({ status: 503 });
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        rig.store.uploadPartCopy({ ...call, partNumber: i + 1, first: i * 5 * MiB, last: (i + 1) * 5 * MiB - 1 }),
      ),
    );
    const refused = rig.twin.requests.count({ status: 503 }) - before;
    if (refused > 0) throw new Error(`without the client's own patience ${refused} of 40 parts would be lost`);
  },
  ours: inParts,
  check: async (rig) => {
    await equalBytes(rig);
    expect(rig.store.pressure.throttled).toBeGreaterThan(0);
    expect(rig.store.pressure.limit).toBeLessThan(64);
  },
});

const gone = { kind: 'error', status: 404, code: 'NoSuchUpload' } as const;

failure('s3', 'DataBiosphere/toil#1672', 'the store does not know the upload that was just started', {
  given: async (rig) => {
    await large(rig);
    rig.twin.faults.add({ match: { operation: 'UploadPartCopy', partNumber: 1 }, times: 1, effect: gone });
  },
  naive: naiveParts,
  ours: inParts,
  check: equalBytes,
});

failure('s3', 'DataBiosphere/azul#7286', 'a part that comes after the end fails, and is tried for ever', {
  given: large,
  naive: async (rig) => {
    await naiveParts(rig);
    const uploadId = 'completed long ago';
    const late = { source, sourceIfMatch: '', destination, uploadId, sourceSize: 12 * MiB + 1 };
    await rig.store.uploadPartCopy({ ...late, partNumber: 1, first: 0, last: 5 * MiB - 1 });
  },
  ours: async (rig) => {
    const { job } = await rig.run({ source, destination, options: { partSize: 5 * MiB } });
    const { copyParts } = await import('../../../lib/copy/copy-parts.ts');
    const late = { kind: 'parts', jobId: job?.id ?? '', uploadId: job?.uploadId ?? '', from: 1, count: 3 } as const;
    rig.twin.requests.reset();
    await copyParts(rig.embedded.world, late, { id: 'late', attempt: 1, deadline: Date.now() + 60_000 });
    expect(rig.twin.requests.count()).toBe(0);
  },
  check: equalBytes,
});

failure('s3', 'distribution/distribution#1948', 'uploads that failed stay behind by the thousand', {
  given: async (rig) => {
    await large(rig);
    const denied = { kind: 'error', status: 403, code: 'AccessDenied' } as const;
    rig.twin.faults.add({ match: { operation: 'UploadPartCopy', partNumber: 3 }, effect: denied });
  },
  naive: (rig) => naiveParts(rig).catch(() => undefined),
  ours: (rig) => inParts(rig).catch(() => undefined),
  check: ({ twin }) => expect(twin.store.uploads('backup')).toEqual([]),
});

failure('s3', 'scylladb/scylladb#19533', 'Complete answers 200 with an error inside, and has worked', {
  given: async (rig) => {
    await large(rig);
    const lied = { kind: 'error-in-200', code: 'InternalError', when: 'after' } as const;
    rig.twin.faults.add({ match: { operation: 'CompleteMultipartUpload' }, times: 1, effect: lied });
  },
  naive: naiveParts,
  ours: async (rig) => {
    await inParts(rig);
    expect(rig.twin.requests.count('CompleteMultipartUpload')).toBe(1);
  },
  check: equalBytes,
});

failure('s3', 'aws/aws-cli#831', 'an object moved onto itself is gone', {
  given: async (rig) => void (await rig.twin.store.put('photos', 'source', { size: 12 * MiB })),
  naive: async ({ store }) => {
    const self = { destination: source, content: {}, userMetadata: {}, tags: {} };
    const { uploadId } = await store.initiate(self);
    const whole = { partNumber: 1, first: 0, last: 12 * MiB - 1, sourceSize: 12 * MiB };
    const part = { source, sourceIfMatch: '', destination: source, uploadId, ...whole };
    const { etag } = await store.uploadPartCopy(part);
    await store.complete({ destination: source, uploadId, parts: [{ number: 1, etag }] });
    await store.delete(source);
  },
  ours: async (rig) => {
    const request = { mode: 'rename', store: rig.address, source, destination: source, options: {} } as const;
    const moving = startCopy(rig.embedded.world, request, { id: 'me', attempt: 1, deadline: Date.now() + 60_000 });
    await expect(moving).rejects.toMatchObject({ code: 'SameObject' });
    expect(rig.twin.requests.count()).toBe(0);
  },
  check: async ({ twin }) => expect(await twin.store.head('photos', 'source')).toBeDefined(),
});
