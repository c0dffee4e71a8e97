import type { ContentHeaders, Encryption, ObjectLock } from '../../copy/model/object.ts';
import { customerEncryption } from '../../copy/model/object.ts';
import type { WriteResult } from '../../copy/model/ports.ts';
import type { Answer } from '../answers/answer.ts';
import { bareEtag, contentHeaders, headerChecksums } from '../answers/head.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { readChecksums, strongestOf } from '../wire/checksums.ts';
import { encodeTags } from '../wire/encode.ts';
import type { OperationName } from '../wire/operations.ts';
import type { Element } from '../wire/xml.ts';

type Headers = Record<string, string | undefined>;

/** What a new object is to carry besides its bytes. */
export interface WriteProperties {
  content?: ContentHeaders;
  userMetadata?: Record<string, string>;
  tags?: Record<string, string>;
  storageClass?: string;
  encryption?: Encryption;
  acl?: string;
  redirect?: string;
  lock?: ObjectLock;
  forbidOverwrite?: boolean;
}

/** The request headers that set these properties. */
export function writeHeaders(properties: WriteProperties, operation: OperationName, dialect: Dialect): Headers {
  const { content, userMetadata, tags, storageClass, encryption, acl, redirect, lock, forbidOverwrite } = properties;
  const { prefix, objectAcl, kmsKeyId, dataEncryption, bucketKey } = dialect.headers;
  const headers: Headers = {
    ...contentHeaders(content ?? {}),
    [`${prefix}storage-class`]: storageClass,
    // The key itself asks for it, and goes with the call.
    [`${prefix}server-side-encryption`]:
      encryption?.algorithm === customerEncryption ? undefined : encryption?.algorithm,
    [prefix + kmsKeyId]: encryption?.keyId,
    [prefix + objectAcl]: acl,
    [`${prefix}tagging`]: tags && Object.keys(tags).length > 0 ? encodeTags(tags) : undefined,
  };
  if (dataEncryption) headers[prefix + dataEncryption] = encryption?.dataEncryption;
  if (bucketKey && encryption?.bucketKey) headers[prefix + bucketKey] = 'true';
  if (dialect.headers.redirect) headers[prefix + dialect.headers.redirect] = redirect;
  if (dialect.headers.lock) {
    const { mode, until, legalHold, eventHold, eventHoldFor } = dialect.headers.lock;
    headers[prefix + mode] = lock?.mode;
    headers[prefix + until] = lock?.until;
    headers[prefix + legalHold] = lock?.legalHold ? 'ON' : undefined;
    headers[prefix + eventHold] = lock?.eventHold ? 'ON' : undefined;
    headers[`${prefix}${eventHoldFor}days`] = lock?.eventHold?.days;
    headers[`${prefix}${eventHoldFor}years`] = lock?.eventHold?.years;
  }
  for (const [name, value] of Object.entries(userMetadata ?? {}))
    headers[`${prefix}meta-${name.toLowerCase()}`] = value;
  if (forbidOverwrite && dialect.forbidOverwrite.on.includes(operation)) {
    headers[dialect.forbidOverwrite.header] = dialect.forbidOverwrite.value;
  }
  return headers;
}

/**
 * What the answer to a write tells; stores leave out what they please, the ETag included.
 * @param document the answer's body, where it has one: checksums stand there, or in headers.
 */
export function writeResult(
  answer: Answer,
  dialect: Dialect,
  etag = answer.headers['etag'],
  document?: Element,
): WriteResult {
  const { prefix, crc64 } = dialect.headers;
  const result: WriteResult = {};
  const bare = bareEtag(etag ?? '');
  const versionId = answer.headers[`${prefix}version-id`];
  const told = document
    ? readChecksums((name) => document.text(`Checksum${name}`)?.trim(), document.text('ChecksumType'))
    : [];
  const checksums = told.length > 0 ? told : headerChecksums(answer.headers);
  const checksum = strongestOf(checksums);
  if (bare !== '') result.etag = bare;
  if (versionId !== undefined) result.versionId = versionId;
  if (crc64 && answer.headers[crc64]) result.crc64 = answer.headers[crc64];
  if (checksum) Object.assign(result, { checksum, checksums });
  return result;
}
