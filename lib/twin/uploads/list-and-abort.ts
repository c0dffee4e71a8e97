/** Looking at uploads in progress, and giving them up. */
import { isoDate, type Call, type Reply } from '../call.ts';
import { outward, quoteEtag } from '../dialect.ts';
import { CRC64_ECMA } from '../model/crc.ts';
import { compareKeys } from '../model/sorted-keys.ts';
import type { Upload } from '../model/object.ts';
import { ownerOf } from '../rules/acl.ts';
import { encoder, groupByDelimiter, limitOf, rendersEmpty } from '../rules/listing.ts';
import { checkLedgerKey } from '../rules/customer-key.ts';
import { addressedBucket, bucketOf, uploadOf } from '../rules/locate.ts';
import type { XmlNode } from '../wire/xml.ts';
import { announce } from '../operations/write.ts';

const PAGE = 1000;

export async function abortMultipartUpload(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  const upload = uploadOf(call);
  call.world.store.removeUpload(upload.id);
  announce(call, bucket, call.key, 'AbortMultipartUpload');
  return { status: 204 };
}

function initiatedBy(call: Call, upload: Upload): XmlNode {
  const Owner = call.world.users.described(upload.owner ?? ownerOf(bucketOf(call).settings));
  return { Initiator: Owner, Owner };
}

export async function listParts(call: Call): Promise<Reply> {
  addressedBucket(call);
  const upload = uploadOf(call);
  checkLedgerKey(call, upload);
  const limit = limitOf(call, 'max-parts', PAGE);
  const marker = Number(call.query.get('part-number-marker') ?? 0);
  const after = [...upload.parts.values()].filter(({ number }) => number > marker).sort((a, b) => a.number - b.number);
  const page = after.slice(0, limit);
  const encode = encoder(call);
  const Part = await Promise.all(
    page.map(async ({ number, content, etag, lastModified, checksum }) => ({
      PartNumber: number,
      LastModified: isoDate(lastModified),
      ETag: quoteEtag(call.dialect, etag),
      Size: content.size,
      HashCrc64ecma: call.dialect.name === 'oss' ? String(await content.crc(CRC64_ECMA)) : undefined,
      ...(checksum?.value && { [`Checksum${checksum.algorithm}`]: checksum.value }),
    })),
  );
  const s3 = call.dialect.name === 's3';
  return {
    status: 200,
    xml: {
      root: 'ListPartsResult',
      value: {
        EncodingType: call.query.get('encoding-type'),
        Bucket: call.bucket,
        Key: encode(call.key),
        UploadId: upload.id,
        ...(s3 && initiatedBy(call, upload)),
        StorageClass: outward(call.dialect.classes, upload.attributes.storageClass),
        PartNumberMarker: marker,
        NextPartNumberMarker: page.at(-1)?.number ?? marker,
        MaxParts: limit,
        IsTruncated: after.length > page.length,
        ...(s3 &&
          upload.checksum && { ChecksumAlgorithm: upload.checksum.algorithm, ChecksumType: upload.checksum.type }),
        Part,
      },
    },
  };
}

export async function listMultipartUploads(call: Call): Promise<Reply> {
  addressedBucket(call);
  const limit = limitOf(call, 'max-uploads', PAGE);
  const prefix = call.query.get('prefix') ?? '';
  const keyMarker = call.query.get('key-marker') ?? '';
  const idMarker = call.query.get('upload-id-marker') ?? '';
  const delimiter = call.query.get('delimiter') ?? '';
  const encode = encoder(call);
  const uploads = call.world.store.uploads(call.bucket);
  // The marker upload itself may be gone by now; then everything of that key with a greater id follows.
  const after = uploads.filter(({ key, id }) => {
    if (!key.startsWith(prefix)) return false;
    const order = keyMarker === '' ? 1 : compareKeys(key, keyMarker);
    return order > 0 || (order === 0 && idMarker !== '' && compareKeys(id, idMarker) > 0);
  });
  const { items, prefixes, truncated, last } = groupByDelimiter(after, {
    prefix,
    delimiter,
    limit,
    keyOf: ({ key }) => key,
    skip: keyMarker,
  });
  return {
    status: 200,
    xml: {
      root: 'ListMultipartUploadsResult',
      value: {
        EncodingType: call.query.get('encoding-type'),
        Bucket: call.bucket,
        KeyMarker: encode(keyMarker),
        UploadIdMarker: idMarker,
        Prefix: encode(prefix),
        Delimiter: rendersEmpty(call, delimiter) ? encode(delimiter) : undefined,
        NextKeyMarker: truncated && last ? encode(last.name) : '',
        NextUploadIdMarker: truncated ? (last?.item?.id ?? '') : '',
        MaxUploads: limit,
        IsTruncated: truncated,
        Upload: items.map((upload) => ({
          Key: encode(upload.key),
          UploadId: upload.id,
          ...(call.dialect.name === 's3' && initiatedBy(call, upload)),
          StorageClass: outward(call.dialect.classes, upload.attributes.storageClass),
          Initiated: isoDate(upload.initiated),
        })),
        CommonPrefixes: prefixes.map((Prefix) => ({ Prefix: encode(Prefix) })),
      },
    },
  };
}
