import { createHash } from 'node:crypto';
import { own, type Call, type Reply } from '../call.ts';
import { plainEtag, quoteEtag } from '../dialect.ts';
import { refuse } from '../errors.ts';
import { ALGORITHMS, checksumOf, compositeOf } from '../model/checksums.ts';
import { Content } from '../model/content.ts';
import type { Checksum, Upload, UploadedPart } from '../model/object.ts';
import { readAcl } from '../rules/acl.ts';
import { checkOverwrite, checkWriteHeaders } from '../rules/conditions.ts';
import { checkLedgerKey } from '../rules/customer-key.ts';
import { crcHeader, encryptionHeaders, versionHeader } from '../rules/describe.ts';
import { addressedBucket, uploadOf } from '../rules/locate.ts';
import { children, parseXml, text } from '../wire/xml.ts';
import { writeObject } from '../operations/write.ts';

interface NamedPart {
  number: number;
  etag: string;
  checksum: string | undefined;
}

function namedParts(call: Call, upload: Upload, body: string): NamedPart[] {
  if (own(call, 'complete-all') === 'yes' && call.dialect.name === 'oss') {
    if (body !== '') {
      throw refuse('InvalidArgument', {
        message: 'Send either x-oss-complete-all or a list of parts, not both.',
        ec: '0042-00000216',
      });
    }
    return [...upload.parts.values()]
      .sort((a, b) => a.number - b.number)
      .map(({ number, etag }) => ({ number, etag, checksum: undefined }));
  }
  const algorithm = upload.checksum?.algorithm;
  const parts = children(parseXml(body, 'CompleteMultipartUpload'), 'Part').map((part) => ({
    number: Number(text(part, 'PartNumber') ?? NaN),
    etag: plainEtag(text(part, 'ETag') ?? ''),
    checksum: algorithm && text(part, `Checksum${algorithm}`),
  }));
  if (parts.length === 0 || parts.some(({ number }) => !Number.isInteger(number))) throw refuse('MalformedXML');
  return parts;
}

/** The uploaded parts that were named, after every check on the list. */
function checkedParts(call: Call, upload: Upload, named: readonly NamedPart[]): UploadedPart[] {
  const { limits, quirks } = call.world;
  if (named.some(({ number }, index) => index > 0 && number <= named[index - 1]!.number)) {
    throw refuse('InvalidPartOrder', { fields: { UploadId: upload.id } });
  }
  const parts = named.map(({ number, etag, checksum }) => {
    const part = upload.parts.get(number);
    const wrongChecksum = checksum !== undefined && checksum !== part?.checksum?.value;
    if (!part || part.etag.toLowerCase() !== etag.toLowerCase() || wrongChecksum) {
      throw refuse('InvalidPart', { fields: { UploadId: upload.id, PartNumber: String(number), ETag: etag } });
    }
    if (upload.checksum?.type === 'COMPOSITE' && checksum === undefined) {
      throw refuse('InvalidRequest', {
        message: `The upload keeps a ${upload.checksum.algorithm} checksum of its parts; part ${number} is listed without it.`,
      });
    }
    return part;
  });
  if (quirks.completeNeedsAllParts && parts.length !== upload.parts.size) throw refuse('InvalidPart');
  const minimum = call.dialect.name === 'oss' ? limits.ossMinPart : limits.s3MinPart;
  const small = parts.slice(0, -1).find(({ content }) => content.size < minimum);
  if (small) {
    throw refuse('EntityTooSmall', {
      fields: {
        ProposedSize: String(small.content.size),
        MinSizeAllowed: String(minimum),
        PartNumber: String(small.number),
        ETag: small.etag,
      },
    });
  }
  return parts;
}

/** S3 hashes the binary MD5s of the parts, OSS their upper-case hex. */
function multipartEtag(call: Call, parts: readonly UploadedPart[]): string {
  const hash = createHash('md5');
  for (const { etag } of parts) {
    if (call.dialect.name === 'oss') hash.update(etag.toUpperCase());
    else hash.update(Buffer.from(etag, 'hex'));
  }
  return `${hash.digest('hex')}-${parts.length}`;
}

/** Claims about the object must be of the algorithm and the type that the upload was begun with. */
function checkClaims(call: Call, { checksum }: Upload): void {
  if (call.dialect.name !== 's3') return;
  const kept = checksum ?? { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' };
  const type = own(call, 'checksum-type');
  const other = ALGORITHMS.find((its) => its !== kept.algorithm && own(call, `checksum-${its.toLowerCase()}`));
  if (other === undefined && (type === undefined || type.toUpperCase() === kept.type)) return;
  throw refuse('InvalidRequest', {
    message: `The upload was created with the checksum ${kept.algorithm} of type ${kept.type}; the request is about ${other ?? `type ${type}`}.`,
  });
}

async function wholeChecksum(
  call: Call,
  upload: Upload,
  parts: readonly UploadedPart[],
  content: Content,
): Promise<Checksum | undefined> {
  const asked = upload.checksum;
  checkClaims(call, upload);
  if (!asked) {
    const claimed = own(call, 'checksum-crc64nvme');
    if (claimed !== undefined && claimed !== (await checksumOf(content, 'CRC64NVME'))) throw refuse('BadDigest');
    return undefined;
  }
  const value =
    asked.type === 'COMPOSITE'
      ? compositeOf(
          asked.algorithm,
          parts.map(({ checksum }) => checksum!.value!),
        )
      : await checksumOf(content, asked.algorithm);
  const claimed = own(call, `checksum-${asked.algorithm.toLowerCase()}`);
  // Amazon's SDKs send a composite checksum without the number of parts, others with it.
  const plain = value.replace(/-\d+$/, '');
  if (claimed !== undefined && claimed !== value && claimed !== plain) throw refuse('BadDigest');
  return { ...asked, value };
}

function checkTotal(call: Call, size: number): void {
  if (size > call.world.limits.maxObject) throw refuse('EntityTooLarge');
  const claimed = call.dialect.name === 's3' ? own(call, 'mp-object-size') : undefined;
  if (claimed !== undefined && Number(claimed) !== size) {
    throw refuse('InvalidRequest', { message: 'The provided x-amz-mp-object-size does not match the object.' });
  }
}

export async function completeMultipartUpload(call: Call): Promise<Reply> {
  const { dialect, world } = call;
  const bucket = addressedBucket(call);
  checkWriteHeaders(call);
  const body = await call.body.document(true);
  const before = world.completed.get(call.query.get('uploadId') ?? '');
  if (before) return before;
  const upload = uploadOf(call);
  checkLedgerKey(call, upload);
  const parts = checkedParts(call, upload, namedParts(call, upload, body));
  const content = Content.join(parts.map((part) => part.content));
  checkTotal(call, content.size);
  const checksum = await wholeChecksum(call, upload, parts, content);
  const acl = dialect.name === 'oss' ? readAcl(call, dialect.objectAclHeader) : undefined;
  const object = {
    ...upload.attributes,
    ...(acl && { acl }),
    kind: 'multipart' as const,
    content,
    etag: multipartEtag(call, parts),
    parts: parts.map((part) => ({ number: part.number, size: part.content.size })),
    ...(checksum && { checksum }),
  };
  const crc = await crcHeader(call, object);
  // From here on nothing waits: of two Completes at once one lands and the other finds no upload.
  uploadOf(call);
  checkOverwrite(call, bucket);
  const stored = writeObject(call, bucket, object, 'CompleteMultipartUpload');
  world.store.removeUpload(upload.id);
  const encoding = call.query.get('encoding-type');
  const key = encoding === 'url' ? dialect.encode(call.key) : call.key;
  const reply: Reply = {
    status: 200,
    headers: {
      // The ali-oss SDK reads the ETag from here, not from the document.
      etag: dialect.name === 'oss' ? quoteEtag(dialect, stored.etag) : undefined,
      ...versionHeader(call, bucket, stored),
      ...encryptionHeaders(call, stored.encryption),
      ...crc,
    },
    xml: {
      root: 'CompleteMultipartUploadResult',
      value: {
        EncodingType: encoding,
        Location: `${world.url()}/${call.bucket}/${encodeURIComponent(call.key)}`,
        Bucket: call.bucket,
        Key: key,
        ETag: world.quirks.emptyCompleteEtag ? '' : quoteEtag(dialect, stored.etag),
        ...(checksum && { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type }),
      },
    },
  };
  if (world.quirks.completeRepeat === 'same') {
    const { value } = reply.xml!;
    const etag = quoteEtag(dialect, stored.etag);
    const xml = { root: reply.xml!.root, value: typeof value === 'string' ? value : { ...value, ETag: etag } };
    world.completed.set(upload.id, { ...reply, xml });
  }
  return reply;
}
