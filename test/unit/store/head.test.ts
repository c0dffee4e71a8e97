import { describe, expect, it } from 'vitest';
import { bareEtag, contentHeaders, readHead } from '../../../lib/store/answers/head.ts';
import { oss } from '../../../lib/store/dialects/oss.ts';
import { s3 } from '../../../lib/store/dialects/s3.ts';
import { MalformedAnswer } from '../../../lib/store/wire/xml.ts';

const now = Date.UTC(2026, 5, 1);
const least = { 'content-length': '5', etag: '"abc"', 'last-modified': 'Mon, 01 Jun 2026 10:00:00 GMT' };

const ossHead = (headers: Record<string, string>) => readHead({ ...least, ...headers }, oss, now);
const s3Head = (headers: Record<string, string>) => readHead({ ...least, ...headers }, s3, now);

describe('HEAD on any store', () => {
  it('the least there is', () => {
    expect(s3Head({})).toEqual({
      size: 5,
      etag: 'abc',
      lastModified: Date.UTC(2026, 5, 1, 10),
      content: {},
      userMetadata: {},
      storageClass: 'STANDARD',
      kind: 'normal',
      archived: false,
      clientEncrypted: false,
    });
    expect(ossHead({}).storageClass).toBe('Standard');
  });

  it('content headers and metadata, UTF-8 and all', () => {
    const utf8 = Buffer.from('déjà 日本').toString('latin1');
    const head = s3Head({
      'content-type': 'text/plain',
      'cache-control': 'no-cache',
      'content-disposition': utf8,
      'content-encoding': 'gzip',
      'content-language': 'fr',
      expires: 'not even a date',
      'x-amz-meta-title': utf8,
      'x-amz-meta-latin': 'caf\u00e9',
      'x-amz-meta-empty': '',
      'x-oss-meta-other': 'not ours',
    });
    expect(head.content).toEqual({
      contentType: 'text/plain',
      cacheControl: 'no-cache',
      contentDisposition: 'déjà 日本',
      contentEncoding: 'gzip',
      contentLanguage: 'fr',
      expires: 'not even a date',
    });
    expect(head.userMetadata).toEqual({ title: 'déjà 日本', latin: 'café', empty: '' });
    expect(contentHeaders(head.content)).toMatchObject({ 'content-language': 'fr', expires: 'not even a date' });
  });

  it.each([
    ['"abc"', 'abc'],
    ['abc', 'abc'],
    ['', ''],
    ['""', ''],
    ['W/"abc"', 'abc'],
    [' "ABC-3" ', 'ABC-3'],
  ])('ETag %s', (etag, bare) => {
    expect(bareEtag(etag)).toBe(bare);
    expect(s3Head({ etag }).etag).toBe(bare);
  });

  it.each([
    ['content-length', ''],
    ['content-length', '-1'],
    ['content-length', '99999999999999999999'],
    ['content-length', 'many'],
    ['last-modified', 'yesterday'],
    ['x-amz-tagging-count', 'x'],
  ])('%s: %j is no answer', (name, value) => {
    expect(() => s3Head({ [name]: value })).toThrow(MalformedAnswer);
  });

  it('an object of 48.8 TB keeps its exact size', () => {
    expect(ossHead({ 'content-length': '48800000000001' }).size).toBe(48_800_000_000_001);
  });
});

describe('HEAD on OSS', () => {
  it('class, encryption, version, tags, CRC', () => {
    expect(
      ossHead({
        'x-oss-storage-class': 'IA',
        'x-oss-server-side-encryption': 'KMS',
        'x-oss-server-side-encryption-key-id': 'key-1',
        'x-oss-server-side-data-encryption': 'SM4',
        'x-oss-version-id': 'null',
        'x-oss-tagging-count': '2',
        'x-oss-hash-crc64ecma': '18446744073709551615',
      }),
    ).toMatchObject({
      storageClass: 'IA',
      encryption: { algorithm: 'KMS', keyId: 'key-1', dataEncryption: 'SM4' },
      versionId: 'null',
      tagCount: 2,
      crc64: '18446744073709551615',
    });
  });

  it.each([
    ['Normal', 'normal'],
    ['Multipart', 'multipart'],
    ['Appendable', 'appendable'],
    ['Symlink', 'symlink'],
  ])('object type %s', (type, kind) => {
    expect(ossHead({ 'x-oss-object-type': type }).kind).toBe(kind);
  });

  it.each([
    ['Archive', undefined, true],
    ['ColdArchive', 'ongoing-request="true"', true],
    ['DeepColdArchive', 'ongoing-request="false", expiry-date="Tue, 02 Jun 2026 00:00:00 GMT"', false],
    ['Archive', 'ongoing-request="false", expiry-date="Sun, 31 May 2026 00:00:00 GMT"', true],
    ['IA', undefined, false],
  ])('%s with restore %s: archived %s', (storageClass, restore, archived) => {
    const headers = {
      'x-oss-storage-class': storageClass,
      ...(restore === undefined ? {} : { 'x-oss-restore': restore }),
    };
    expect(ossHead(headers).archived).toBe(archived);
  });

  it('encrypted by the writer', () => {
    expect(ossHead({ 'x-oss-meta-client-side-encryption-key': 'x' }).clientEncrypted).toBe(true);
    expect(ossHead({ 'x-oss-meta-client-side': 'x' }).clientEncrypted).toBe(false);
  });
});

describe('HEAD on S3', () => {
  it.each([
    [{ 'x-amz-storage-class': 'GLACIER' }, true],
    [{ 'x-amz-storage-class': 'DEEP_ARCHIVE', 'x-amz-restore': 'ongoing-request="true"' }, true],
    [
      {
        'x-amz-storage-class': 'GLACIER',
        'x-amz-restore': 'ongoing-request="false", expiry-date="Wed, 01 Jul 2026 00:00:00 GMT"',
      },
      false,
    ],
    [{ 'x-amz-storage-class': 'GLACIER_IR' }, false],
    [{ 'x-amz-storage-class': 'INTELLIGENT_TIERING' }, false],
    [{ 'x-amz-storage-class': 'INTELLIGENT_TIERING', 'x-amz-archive-status': 'ARCHIVE_ACCESS' }, true],
  ] as const)('%j: archived %s', (headers, archived) => {
    expect(s3Head(headers).archived).toBe(archived);
  });

  it.each([
    [
      { 'x-amz-checksum-crc64nvme': 'AAA=', 'x-amz-checksum-type': 'FULL_OBJECT' },
      { algorithm: 'CRC64NVME', value: 'AAA=', fullObject: true },
    ],
    [
      { 'x-amz-checksum-sha256': 'BBB=', 'x-amz-checksum-type': 'COMPOSITE' },
      { algorithm: 'SHA256', value: 'BBB=', fullObject: false },
    ],
    [{ 'x-amz-checksum-crc32c': 'CCC=-3' }, { algorithm: 'CRC32C', value: 'CCC=-3', fullObject: false }],
    [{ 'x-amz-checksum-crc32': 'DDD=' }, { algorithm: 'CRC32', value: 'DDD=', fullObject: true }],
    [{}, undefined],
  ] as const)('checksum %j', (headers, checksum) => {
    expect(s3Head(headers).checksum).toEqual(checksum);
  });

  it.each(['SHA512', 'MD5', 'XXHASH64', 'XXHASH3', 'XXHASH128', 'SHA1'])('knows the checksum %s', (algorithm) => {
    const head = s3Head({
      [`x-amz-checksum-${algorithm.toLowerCase()}`]: 'EEE=',
      'x-amz-checksum-type': 'FULL_OBJECT',
    });
    expect(head.checksum).toEqual({ algorithm, value: 'EEE=', fullObject: true });
    expect(head.others).toBeUndefined();
  });

  it('keeps every checksum, and prefers one of the whole object to one of parts', () => {
    const head = s3Head({ 'x-amz-checksum-sha256': 'BBB=-2', 'x-amz-checksum-crc32': 'DDD=' });
    expect(head.checksums?.map(({ algorithm }) => algorithm)).toEqual(['SHA256', 'CRC32']);
    expect(head.checksum).toEqual({ algorithm: 'CRC32', value: 'DDD=', fullObject: true });
  });

  it('reads the website redirect, the object lock and the number of hidden metadata entries', () => {
    const head = s3Head({
      'x-amz-website-redirect-location': '/new.html',
      'x-amz-object-lock-mode': 'GOVERNANCE',
      'x-amz-object-lock-retain-until-date': '2026-07-01T00:00:00.000Z',
      'x-amz-object-lock-legal-hold': 'ON',
      'x-amz-missing-meta': '2',
    });
    expect(head).toMatchObject({
      redirect: '/new.html',
      lock: { mode: 'GOVERNANCE', until: '2026-07-01T00:00:00.000Z', legalHold: true },
      hiddenMetadata: 2,
    });
    expect(head.others).toBeUndefined();
  });

  it('takes a retention that has run out for no lock', () => {
    const head = s3Head({
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': '2026-05-31T00:00:00Z',
      'x-amz-object-lock-legal-hold': 'OFF',
    });
    expect(head.lock).toBeUndefined();
  });

  it('keeps a header of the store that it does not know', () => {
    const head = s3Head({ 'x-amz-annotation-count': '3', 'x-amz-id-2': 'abc', 'x-amz-request-id': 'def' });
    expect(head.others).toEqual({ 'x-amz-annotation-count': '3' });
  });

  it('reads the bucket key of an encryption', () => {
    const kms = {
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-bucket-key-enabled': 'true',
    };
    expect(s3Head(kms).encryption).toEqual({ algorithm: 'aws:kms', bucketKey: true });
  });

  it.each([
    ['aws-chunked', undefined],
    ['gzip, aws-chunked', 'gzip'],
    ['AWS-chunked,br', 'br'],
    ['gzip', 'gzip'],
  ])('Content-Encoding %s reads as %s', (sent, read) => {
    expect(s3Head({ 'content-encoding': sent }).content.contentEncoding).toBe(read);
  });

  it('encryption with a KMS key, and with a key of the customer', () => {
    const kms = { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': 'arn:k' };
    expect(s3Head(kms)).toMatchObject({ encryption: { algorithm: 'aws:kms', keyId: 'arn:k' }, clientEncrypted: false });
    expect(s3Head({ 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }).clientEncrypted).toBe(true);
  });

  it('multipart by its ETag, number of parts when asked for one', () => {
    expect(s3Head({ etag: '"abc-12"', 'x-amz-mp-parts-count': '12' })).toMatchObject({
      kind: 'multipart',
      partsCount: 12,
    });
  });
});
