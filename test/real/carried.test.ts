/** What a real store keeps beside the bytes, and what `ferry mv` makes of it: carried, or refused before anything is written. */
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bytes, MiB, unique } from '../contract/store/target.ts';
import { isSkipped } from './servers/server.ts';
import { openStage, url, type Stage } from './stage.ts';

/** Servers that know neither redirects nor locks. */
const without = ['swift'];

for (const server of inject('servers')) {
  describe(`what is carried on ${server.kind}`, () => {
    if (isSkipped(server) || without.includes(server.kind)) {
      it.skip(isSkipped(server) ? server.why : 'it has neither redirects nor locks');
      return;
    }
    const { endpoint, region, accessKeyId, secretAccessKey } = server;
    const lockBuckets = { from: unique('locked'), to: unique('locked') };
    /** It takes the lock with Initiate, answers 200, and the object has none. The move then keeps its source. */
    const dropsLockOfUpload = server.kind === 'rgw16';
    const until = new Date('2099-01-01T00:00:00Z');
    let stage: Stage;
    let s3: S3Client;
    beforeAll(async () => {
      stage = await openStage(server);
      const credentials = { accessKeyId, secretAccessKey };
      // An older server takes no checksum behind the body.
      const plain = {
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      } as const;
      s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials, ...plain });
      for (const Bucket of Object.values(lockBuckets))
        await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    });
    afterAll(async () => {
      s3?.destroy();
      await stage?.close();
    });

    it('a move by parts carries the website redirect', async () => {
      const source = { bucket: stage.bucket, key: unique('web') };
      const destination = { bucket: stage.bucket, key: unique('web2') };
      const upload = { Bucket: source.bucket, Key: source.key, UploadId: '' };
      const redirect = { WebsiteRedirectLocation: '/new.html' };
      const { Bucket, Key } = upload;
      const begun = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...redirect }));
      upload.UploadId = begun.UploadId!;
      const Parts = [];
      for (const [index, size] of [5 * MiB, MiB].entries()) {
        const part = { ...upload, PartNumber: index + 1, Body: bytes(size) };
        Parts.push({ PartNumber: index + 1, ETag: (await s3.send(new UploadPartCommand(part))).ETag });
      }
      await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
      const moved = await stage.ferry('mv', url(source), url(destination), '--part-size', '5MiB', '--json');
      expect(moved.documents, moved.text).toMatchObject([{ status: 'moved', way: 'parts', lost: [] }]);
      expect(await stage.store.head(destination)).toMatchObject({ redirect: '/new.html' });
    });

    const hold = async (): Promise<string> => {
      const Key = unique('held');
      const lock = {
        ObjectLockMode: 'GOVERNANCE',
        ObjectLockRetainUntilDate: until,
        ObjectLockLegalHoldStatus: 'ON',
      } as const;
      const md5 = { ChecksumAlgorithm: undefined };
      await s3.send(new PutObjectCommand({ Bucket: lockBuckets.from, Key, Body: bytes(6 * MiB), ...lock, ...md5 }));
      return Key;
    };

    it.each([
      ['in one call', []],
      ['by parts', ['--part-size', '5MiB']],
    ])('a move %s carries retention and legal hold', async (_, how) => {
      const key = await hold();
      const destination = { bucket: lockBuckets.to, key };
      const source = { bucket: lockBuckets.from, key };
      const moved = await stage.ferry('mv', url(source), url(destination), ...how, '--json');
      if (dropsLockOfUpload && how.length > 0) {
        expect(moved.documents, moved.text).toMatchObject([{ error: { code: 'WouldLose' } }]);
        expect(await stage.store.head(source)).toMatchObject({ lock: { mode: 'GOVERNANCE', legalHold: true } });
        return;
      }
      expect(moved.documents, moved.text).toMatchObject([{ status: 'moved', lost: [], sourceRemoved: true }]);
      const { lock } = await stage.store.head(destination);
      expect(lock).toMatchObject({ mode: 'GOVERNANCE', legalHold: true });
      expect(Date.parse(lock?.until ?? '')).toBe(until.getTime());
    });

    it.each([
      ['in one call', []],
      ['by parts', ['--part-size', '5MiB']],
    ])('a move %s to a bucket without locks writes nothing until the loss is accepted', async (_, how) => {
      const source = { bucket: lockBuckets.from, key: await hold() };
      const destination = { bucket: stage.bucket, key: source.key };
      const line = ['mv', url(source), url(destination), ...how, '--json'];
      const [plan, refused] = [await stage.ferry(...line, '--dry-run'), await stage.ferry(...line)];
      expect([plan.code, refused.code], refused.text).toEqual([1, 1]);
      expect(refused.documents, refused.text).toMatchObject([{ error: { code: 'WouldLose' } }]);
      await expect(stage.store.head(destination)).rejects.toMatchObject({ code: 'NotFound' });
      expect(await stage.store.head(source)).toMatchObject({ lock: { legalHold: true } });
      const accepted = await stage.ferry(...line, '--accept-loss');
      expect(accepted.documents, accepted.text).toMatchObject([{ status: 'moved', sourceRemoved: true }]);
      const names = (accepted.documents[0]?.lost ?? []).map((loss: { what: string }) => loss.what);
      expect(names.sort()).toEqual(['legal-hold', 'object-lock', 'object-lock-until']);
    });
  });
}
