import { own, type Call, type Reply } from '../call.ts';
import { refuse } from '../errors.ts';
import { ALGORITHMS, defaultType, typeAllowed } from '../model/checksums.ts';
import type { Checksum, Upload } from '../model/object.ts';
import { readAttributes } from '../rules/attributes.ts';
import { checkOverwrite, checkWriteHeaders } from '../rules/conditions.ts';
import { encryptionHeaders } from '../rules/describe.ts';
import { addressedBucket, checkNewKey } from '../rules/locate.ts';
import { announce, writtenBy } from '../operations/write.ts';

function askedChecksum(call: Call): Checksum | undefined {
  const named = call.dialect.name === 's3' ? own(call, 'checksum-algorithm')?.toUpperCase() : undefined;
  if (named === undefined) return undefined;
  const algorithm = ALGORITHMS.find((its) => its === named);
  if (!algorithm) throw refuse('InvalidRequest', { message: `Checksum algorithm ${named} is not supported.` });
  const type = own(call, 'checksum-type')?.toUpperCase() ?? defaultType(algorithm);
  if ((type !== 'FULL_OBJECT' && type !== 'COMPOSITE') || !typeAllowed(algorithm, type)) {
    throw refuse('InvalidRequest', { message: `The ${type} checksum type cannot be used with ${algorithm}.` });
  }
  return { algorithm, type };
}

export async function initiateMultipartUpload(call: Call): Promise<Reply> {
  const { dialect, world } = call;
  const bucket = addressedBucket(call);
  checkNewKey(call);
  checkWriteHeaders(call);
  if (dialect.name === 'oss') checkOverwrite(call, bucket);
  const attributes = readAttributes(call, bucket);
  // OSS takes the ACL at Complete; here it means nothing.
  if (dialect.name === 'oss') attributes.acl = { canned: 'default' };
  if (world.quirks.tagFates?.initiate) attributes.tags = {};
  const checksum = askedChecksum(call);
  const upload: Upload = {
    id: world.store.nextId(),
    bucket: call.bucket,
    key: call.key,
    initiated: call.now,
    attributes,
    ...writtenBy(call, bucket),
    parts: new Map(),
    ...(checksum && { checksum }),
  };
  world.store.addUpload(upload);
  announce(call, bucket, call.key, 'InitiateMultipartUpload');
  const encoding = call.query.get('encoding-type');
  return {
    status: 200,
    headers: {
      ...encryptionHeaders(call, attributes.encryption),
      ...(checksum && { 'x-amz-checksum-algorithm': checksum.algorithm, 'x-amz-checksum-type': checksum.type }),
    },
    xml: {
      root: 'InitiateMultipartUploadResult',
      value: {
        Bucket: call.bucket,
        Key: encoding === 'url' ? dialect.encode(call.key) : call.key,
        UploadId: upload.id,
        EncodingType: encoding,
      },
    },
  };
}
