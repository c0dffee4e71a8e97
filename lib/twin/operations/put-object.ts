import type { Call, Reply } from '../call.ts';
import { quoteEtag } from '../dialect.ts';
import { refuse } from '../errors.ts';
import type { Checksum } from '../model/object.ts';
import { readAttributes } from '../rules/attributes.ts';
import { checkOverwrite, checkWriteHeaders } from '../rules/conditions.ts';
import { hiddenEtag } from '../rules/customer-key.ts';
import { checksumHeaders, crcHeader, encryptionHeaders, versionHeader } from '../rules/describe.ts';
import { addressedBucket, checkNewKey } from '../rules/locate.ts';
import { writeObject } from './write.ts';

export function checkAnnouncedSize(call: Call): void {
  const { announced } = call.body;
  if (announced === undefined && call.dialect.name === 's3') throw refuse('MissingContentLength');
  if ((announced ?? 0) > call.world.limits.maxPart) {
    throw refuse('EntityTooLarge', { fields: { MaxSizeAllowed: String(call.world.limits.maxPart) } });
  }
}

export async function putObject(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  checkNewKey(call);
  checkWriteHeaders(call);
  checkAnnouncedSize(call);
  const attributes = readAttributes(call, bucket);
  checkOverwrite(call, bucket);
  const content = await call.world.bytes.keep(call.body.read());
  const etag = attributes.encryption?.customerKey === undefined ? await content.etag() : hiddenEtag(call);
  // Another write may have finished while this body came in.
  checkOverwrite(call, bucket);
  const checksum: Checksum | undefined = call.body.checksum && { ...call.body.checksum, type: 'FULL_OBJECT' };
  const object = {
    ...attributes,
    kind: 'normal' as const,
    content,
    etag,
    ...(checksum && { checksum }),
  };
  const stored = writeObject(call, bucket, object, 'PutObject');
  return {
    status: 200,
    headers: {
      etag: quoteEtag(call.dialect, stored.etag),
      ...versionHeader(call, bucket, stored),
      ...encryptionHeaders(call, stored.encryption),
      ...(await crcHeader(call, stored)),
      ...(call.dialect.name === 's3' && (await checksumHeaders(stored))),
    },
  };
}
