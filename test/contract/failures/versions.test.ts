import { CopyObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import type { Rig } from '../engine/rig.ts';
import { destination, failure, inParts, MiB, naiveParts, source } from './failure.ts';

const size = 20 * MiB;

failure(
  's3',
  'boto/s3transfer#362',
  'a source that is overwritten between two parts gives a mix of both',
  {
    given: async ({ twin }) => {
      await twin.store.put('photos', 'source', { size, seed: 1 });
      await twin.store.put('photos', 'other', { size, seed: 2 });
      const overwrite = { kind: 'overwrite', bucket: 'photos', key: 'source', size, seed: 2, when: 'before' } as const;
      twin.faults.add({ match: { operation: 'UploadPartCopy', nth: 3 }, effect: overwrite });
    },
    naive: naiveParts,
    ours: (rig) => inParts(rig).catch((error: unknown) => expect(error).toMatchObject({ code: 'SourceChanged' })),
    check: async ({ twin }) => {
      const copy = await twin.store.head('backup', 'copy');
      const other = await twin.store.head('photos', 'other');
      // The first version's CRC is not needed: whatever is there must be the second, or nothing.
      if (copy) expect(copy.crc64).toBe(other?.crc64);
    },
  },
  { twin: { quirks: { ignorePartConditions: true } } },
);

failure('s3', 'aws/aws-sdk-java-v2#7117', 'naming the version asks for a permission that people do not have', {
  given: async ({ twin }) => {
    twin.store.bucket('photos').settings.versioning = 'Enabled';
    await twin.store.put('photos', 'source', { size });
  },
  naive: async ({ store }) => await store.head({ ...source, versionId: (await store.head(source)).versionId }),
  ours: inParts,
  check: ({ twin }) => {
    const versioned = twin.requests.all().filter((request) => request.query.versionId !== undefined);
    expect(versioned).toEqual([]);
  },
});

const awkward = 'a b [1] %2B + ü.bin';

async function copiedAwkward({ twin }: Rig): Promise<void> {
  expect((await twin.store.bytes('backup', 'copy')).toString()).toBe('hello');
}

function sdk({ twin }: Rig): S3Client {
  const { accessKeyId, secretAccessKey, url } = twin;
  return new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
}

function sdkCopy(rig: Rig, key: string): Promise<unknown> {
  return sdk(rig).send(new CopyObjectCommand({ Bucket: 'backup', Key: 'copy', CopySource: `photos/${key}` }));
}

failure('s3', 'generalui/s3p#53', 'a key with a space, a bracket, a percent or a plus is not found', {
  given: async ({ twin }) => void (await twin.store.put('photos', 'a [1] %2B+.bin', { body: 'hello' })),
  naive: (rig) => sdkCopy(rig, 'a [1] %2B+.bin'),
  ours: (rig) => rig.run({ source: { bucket: 'photos', key: 'a [1] %2B+.bin' }, destination }),
  check: copiedAwkward,
});

failure('s3', 'aws/aws-sdk-js-v3#5475', 'a key outside ASCII breaks the signature', {
  given: async ({ twin }) => void (await twin.store.put('photos', awkward, { body: 'hello' })),
  naive: (rig) => sdkCopy(rig, awkward),
  ours: (rig) => rig.run({ source: { bucket: 'photos', key: awkward }, destination }),
  check: copiedAwkward,
});
