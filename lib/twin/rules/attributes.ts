/** What the headers of a write say about the object: content headers, metadata, tags, ACL, class, encryption. */
import { own, type Call } from '../call.ts';
import { inward } from '../dialect.ts';
import { refuse } from '../errors.ts';
import type { Bucket } from '../model/bucket.ts';
import { CONTENT_HEADERS, LOCK_HEADERS, type Attributes, type Encryption } from '../model/object.ts';
import { readAcl } from './acl.ts';
import { customerEncryption } from './customer-key.ts';
import { parseTagHeader } from './tags.ts';

const S3_CLASSES = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
];
const ALGORITHMS = { oss: ['AES256', 'KMS', 'SM4'], s3: ['AES256', 'aws:kms', 'aws:kms:dsse'] };
/** User metadata, names and values together, in bytes. */
const MAX_META = { oss: 8 * 1024, s3: 2 * 1024 };

export function readContentHeaders(call: Call): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of CONTENT_HEADERS) {
    const value = call.headers[name];
    if (value) headers[name] = value;
  }
  // `aws-chunked` is about the way here; the rest is kept as it was written.
  const encodings = (headers['content-encoding'] ?? '').split(',');
  const kept = encodings.filter((encoding) => !['', 'aws-chunked'].includes(encoding.trim()));
  if (kept.length > 0) headers['content-encoding'] = kept.join(',').trim();
  else delete headers['content-encoding'];
  headers['content-type'] ??= call.dialect.name === 'oss' ? 'application/octet-stream' : 'binary/octet-stream';
  return headers;
}

export function readMeta(call: Call): Record<string, string> {
  const start = `${call.dialect.prefix}meta-`;
  const meta: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(call.headers)) {
    if (!name.startsWith(start)) continue;
    meta[name.slice(start.length)] = value;
    bytes += name.length - start.length + value.length;
  }
  if (bytes > MAX_META[call.dialect.name]) throw refuse('MetadataTooLarge');
  return meta;
}

export function readTags(call: Call): Record<string, string> {
  return parseTagHeader(own(call, 'tagging') ?? '');
}

/** Undefined when the request names none. */
export function readStorageClass(call: Call): string | undefined {
  const said = own(call, 'storage-class');
  if (said === undefined) return undefined;
  const known = call.dialect.name === 'oss' ? Object.values(call.dialect.classes) : S3_CLASSES;
  if (!known.includes(said)) throw refuse('InvalidStorageClass', { fields: { StorageClassRequested: said } });
  return inward(call.dialect.classes, said);
}

/** Undefined when the request names none. */
export function readEncryption(call: Call): Encryption | undefined {
  const { dialect, headers } = call;
  const byCustomer = customerEncryption(call);
  if (byCustomer) return byCustomer;
  const said = own(call, 'server-side-encryption');
  if (said === undefined) return undefined;
  if (!ALGORITHMS[dialect.name].includes(said)) {
    throw dialect.name === 'oss'
      ? refuse('InvalidEncryptionAlgorithmError')
      : refuse('InvalidArgument', { message: 'The encryption method specified is not supported' });
  }
  const encryption: Encryption = { algorithm: inward(dialect.encryptions, said) };
  const keyId = headers[dialect.keyIdHeader];
  const dataEncryption = own(call, 'server-side-data-encryption');
  if (keyId) encryption.keyId = keyId;
  if (dataEncryption) encryption.dataEncryption = dataEncryption;
  const wantsBucketKey = own(call, 'server-side-encryption-bucket-key-enabled')?.toLowerCase() === 'true';
  // Two layers of keys are not offered with a key of the bucket.
  if (wantsBucketKey && said === 'aws:kms:dsse') {
    throw refuse('InvalidArgument', { message: 'Bucket keys are not supported for aws:kms:dsse' });
  }
  if (wantsBucketKey && dialect.name === 's3') encryption.bucketKey = true;
  return encryption;
}

/** What S3 gives a new object only where the request says so, whether it is written or copied. */
export function readOwn(call: Call, bucket: Bucket): Pick<Attributes, 'redirect' | 'lock'> {
  if (call.dialect.name !== 's3') return {};
  const redirect = own(call, 'website-redirect-location');
  const said = LOCK_HEADERS.map((name) => [name, own(call, name)] as const);
  const lock: Partial<Record<string, string>> = Object.fromEntries(
    said.filter((entry): entry is [(typeof LOCK_HEADERS)[number], string] => !!entry[1]),
  );
  const locks = Object.keys(lock).length > 0;
  if (locks && !bucket.settings.objectLock) {
    throw refuse('InvalidRequest', { message: 'Bucket is missing Object Lock Configuration' });
  }
  const { 'object-lock-mode': mode, 'object-lock-retain-until-date': until } = lock;
  if ((mode === undefined) !== (until === undefined)) {
    throw refuse('InvalidArgument', {
      message: 'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
    });
  }
  if (until !== undefined && !(Date.parse(until) > call.now)) {
    throw refuse('InvalidArgument', { message: 'The retain until date must be in the future!' });
  }
  return { ...(redirect !== undefined && { redirect }), ...(locks && { lock: lock as Record<string, string> }) };
}

/** Everything a PutObject or Initiate may say, with the bucket's defaults. */
export function readAttributes(call: Call, bucket: Bucket): Attributes {
  const encryption = readEncryption(call) ?? bucket.settings.encryption;
  return {
    headers: readContentHeaders(call),
    meta: readMeta(call),
    tags: readTags(call),
    acl: readAcl(call, call.dialect.objectAclHeader) ?? { canned: call.dialect.name === 'oss' ? 'default' : 'private' },
    storageClass: readStorageClass(call) ?? bucket.settings.storageClass,
    ...(encryption && { encryption }),
    ...readOwn(call, bucket),
  };
}
