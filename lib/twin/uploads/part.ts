/** Parts of an upload, sent by the client or copied inside the store. */
import { isoDate, own, type Call, type Reply } from '../call.ts';
import { quoteEtag } from '../dialect.ts';
import { refuse } from '../errors.ts';
import { checksumOf } from '../model/checksums.ts';
import type { Content } from '../model/content.ts';
import type { Checksum, Upload, UploadedPart } from '../model/object.ts';
import { copySource, type CopySource } from '../rules/copy-source.ts';
import { checkUploadKey, hiddenEtag } from '../rules/customer-key.ts';
import { crcHeader, encryptionHeaders } from '../rules/describe.ts';
import { addressedBucket, uploadOf } from '../rules/locate.ts';
import { checkAnnouncedSize } from '../operations/put-object.ts';
import { announce } from '../operations/write.ts';

function partNumber(call: Call): number {
  const text = call.query.get('partNumber') ?? '';
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  const { maxParts } = call.world.limits;
  if (number >= 1 && number <= maxParts) return number;
  throw refuse('InvalidArgument', {
    message: `Part number must be an integer between 1 and ${maxParts}, inclusive`,
    ec: '0017-00000220',
    fields: { ArgumentName: 'partNumber', ArgumentValue: text },
  });
}

async function partChecksum(upload: Upload, content: Content): Promise<Checksum | undefined> {
  if (!upload.checksum) return undefined;
  return { ...upload.checksum, value: await checksumOf(content, upload.checksum.algorithm) };
}

/** The upload may have ended while the bytes came in. */
function keepPart(call: Call, upload: Upload, part: UploadedPart): void {
  if (uploadOf(call) !== upload) throw refuse('NoSuchUpload');
  call.world.store.putPart(upload, part);
}

export async function uploadPart(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  const number = partNumber(call);
  const upload = uploadOf(call);
  checkUploadKey(call, upload);
  checkAnnouncedSize(call);
  const content = await call.world.bytes.keep(call.body.read());
  const sent = call.body.checksum;
  const asked = upload.checksum;
  if (sent && asked && sent.algorithm !== asked.algorithm) {
    throw refuse('InvalidRequest', {
      message: `The upload keeps ${asked.algorithm} checksums; the part came with ${sent.algorithm}.`,
    });
  }
  const own = await partChecksum(upload, content);
  const checksum: Checksum | undefined = own ?? (sent && { ...sent, type: 'COMPOSITE' });
  const etag = isHidden(upload) ? hiddenEtag(call) : await content.etag();
  const part = { number, content, etag, lastModified: call.now, ...(checksum && { checksum }) };
  keepPart(call, upload, part);
  announce(call, bucket, call.key, 'UploadPart');
  return {
    status: 200,
    headers: {
      etag: quoteEtag(call.dialect, part.etag),
      ...encryptionHeaders(call, upload.attributes.encryption),
      ...(await crcHeader(call, part)),
      ...(checksum?.value && { [`x-amz-checksum-${checksum.algorithm.toLowerCase()}`]: checksum.value }),
    },
  };
}

function isHidden({ attributes }: Upload): boolean {
  return attributes.encryption?.customerKey !== undefined;
}

interface Range {
  first: number;
  last: number;
}

/**
 * An open range (`bytes=5-`) reaches to the end on OSS, whose Python SDK sends it; S3 wants both ends.
 * OSS does not refuse a range it cannot satisfy: it copies the whole object as the part, and only the missing
 * Content-Range tells. S3 refuses.
 */
function copyRange(call: Call, size: number): Range | undefined {
  const text = own(call, 'copy-source-range');
  if (text === undefined) return undefined;
  const found = /^bytes=(\d+)-(\d*)$/.exec(text);
  const open = found?.[2] === '' && call.dialect.name === 'oss';
  const range =
    found && (found[2] !== '' || open) ? { first: Number(found[1]), last: open ? size - 1 : Number(found[2]) } : null;
  if (range && range.first <= range.last && range.last < size) return range;
  if (call.dialect.name === 'oss') return undefined;
  const fields = { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: text };
  throw refuse('InvalidArgument', {
    message: range
      ? `The range is not within the ${size} bytes of the source.`
      : 'The copy source range must be bytes=first-last, both counted from zero.',
    fields,
  });
}

async function partEtag({ object }: CopySource, content: Content): Promise<string> {
  const isPlain = object.encryption?.customerKey === undefined && !object.etag.includes('-');
  if (isPlain && content.sameAs(object.content)) return object.etag;
  return content.etag();
}

export async function uploadPartCopy(call: Call): Promise<Reply> {
  const { dialect, world } = call;
  const bucket = addressedBucket(call);
  const number = partNumber(call);
  const upload = uploadOf(call);
  if (dialect.name === 'oss' && own(call, 'server-side-encryption')) {
    throw refuse('InvalidArgument', { message: 'Encryption is set when the upload is initiated, not on a part.' });
  }
  checkUploadKey(call, upload);
  const source = copySource(call, bucket);
  const whole = source.object.content;
  const range = copyRange(call, whole.size);
  const content = range ? whole.range(range.first, range.last - range.first + 1) : whole;
  if (content.size > world.limits.maxPart) {
    throw refuse(dialect.name === 'oss' ? 'EntityTooLarge' : 'InvalidRequest', {
      message: `The part is larger than the maximum allowable size: ${world.limits.maxPart}`,
    });
  }
  const checksum = await partChecksum(upload, content);
  const etag = isHidden(upload) ? hiddenEtag(call) : await partEtag(source, content);
  keepPart(call, upload, { number, content, etag, lastModified: call.now, ...(checksum && { checksum }) });
  announce(call, bucket, call.key, 'UploadPartCopy');
  const sourceVersion = source.bucket.settings.versioning ? source.object.versionId : undefined;
  return {
    status: 200,
    copied: content.size,
    headers: {
      // The ali-oss SDK reads a part's ETag from here, not from the document.
      etag: dialect.name === 'oss' ? quoteEtag(dialect, etag) : undefined,
      [`${dialect.prefix}copy-source-version-id`]: sourceVersion,
      ...encryptionHeaders(call, upload.attributes.encryption),
      'content-range': range && dialect.name === 'oss' ? `bytes ${range.first}-${range.last}/${whole.size}` : undefined,
    },
    xml: {
      root: 'CopyPartResult',
      value: {
        ETag: world.quirks.bareEtags ? etag : quoteEtag(dialect, etag),
        LastModified: isoDate(call.now),
        ...(checksum && { [`Checksum${checksum.algorithm}`]: checksum.value }),
      },
    },
  };
}
