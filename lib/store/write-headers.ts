import type { ContentHeaders, Encryption } from '../copy/object.ts';
import type { WriteResult } from '../copy/ports.ts';
import type { Answer } from './answer.ts';
import type { Dialect } from './dialect.ts';
import { encodeTags } from './encode.ts';
import { bareEtag, contentHeaders, readChecksum } from './head.ts';
import type { OperationName } from './operations.ts';

type Headers = Record<string, string | undefined>;

/** What a new object is to carry besides its bytes. */
export interface WriteProperties {
  content?: ContentHeaders;
  userMetadata?: Record<string, string>;
  tags?: Record<string, string>;
  storageClass?: string;
  encryption?: Encryption;
  acl?: string;
  forbidOverwrite?: boolean;
}

/** The request headers that set these properties. */
export function writeHeaders(properties: WriteProperties, operation: OperationName, dialect: Dialect): Headers {
  const { content, userMetadata, tags, storageClass, encryption, acl, forbidOverwrite } = properties;
  const { prefix, objectAcl, kmsKeyId, dataEncryption } = dialect.headers;
  const headers: Headers = {
    ...contentHeaders(content ?? {}),
    [`${prefix}storage-class`]: storageClass,
    [`${prefix}server-side-encryption`]: encryption?.algorithm,
    [prefix + kmsKeyId]: encryption?.keyId,
    [prefix + objectAcl]: acl,
    [`${prefix}tagging`]: tags && Object.keys(tags).length > 0 ? encodeTags(tags) : undefined,
  };
  if (dataEncryption) headers[prefix + dataEncryption] = encryption?.dataEncryption;
  for (const [name, value] of Object.entries(userMetadata ?? {}))
    headers[`${prefix}meta-${name.toLowerCase()}`] = value;
  if (forbidOverwrite && dialect.forbidOverwrite.on.includes(operation)) {
    headers[dialect.forbidOverwrite.header] = dialect.forbidOverwrite.value;
  }
  return headers;
}

/** What the answer to a write tells; stores leave out what they please, the ETag included. */
export function writeResult(answer: Answer, dialect: Dialect, etag = answer.headers['etag']): WriteResult {
  const { prefix, crc64 } = dialect.headers;
  const result: WriteResult = {};
  const bare = bareEtag(etag ?? '');
  const versionId = answer.headers[`${prefix}version-id`];
  const checksum = readChecksum(answer.headers);
  if (bare !== '') result.etag = bare;
  if (versionId !== undefined) result.versionId = versionId;
  if (crc64 && answer.headers[crc64]) result.crc64 = answer.headers[crc64];
  if (checksum) result.checksum = checksum;
  return result;
}
