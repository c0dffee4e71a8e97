import type { Checksum, ContentHeaders, Encryption, ObjectHead, ObjectLock } from '../../copy/model/object.ts';
import { customerEncryption } from '../../copy/model/object.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { readChecksums, strongestOf } from '../wire/checksums.ts';
import { fromWire } from '../wire/encode.ts';
import { IncompleteAnswer, MalformedAnswer } from '../wire/xml.ts';

/** Lower-case names; values in wire form (one character per byte). */
export type AnswerHeaders = Readonly<Record<string, string>>;

const contentNames: Record<keyof ContentHeaders, string> = {
  contentType: 'content-type',
  cacheControl: 'cache-control',
  contentDisposition: 'content-disposition',
  contentEncoding: 'content-encoding',
  contentLanguage: 'content-language',
  expires: 'expires',
};

/** `ContentHeaders` as request headers. */
export function contentHeaders(content: ContentHeaders): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = {};
  for (const [field, name] of Object.entries(contentNames)) headers[name] = content[field as keyof ContentHeaders];
  return headers;
}

/** An ETag without quotes or weakness mark; some stores send it bare, some quoted, some empty. */
export function bareEtag(etag: string): string {
  return etag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
}

/**
 * What HEAD (or GET) says about an object.
 * @param now epoch milliseconds: a restored copy is readable until its expiry date.
 * @param sentKey the request carried a key of the customer.
 * @throws IncompleteAnswer when size or date are missing; MalformedAnswer when it does not look like the answer of a store at all.
 */
export function readHead(headers: AnswerHeaders, dialect: Dialect, now: number, sentKey = false): ObjectHead {
  const { prefix, customerKey, crc64, redirect, hiddenMetadata } = dialect.headers;
  const of = (name: string) => headers[prefix + name];
  const userMetadata = readUserMetadata(headers, `${prefix}meta-`);
  if (headers['etag'] === undefined && headers['last-modified'] === undefined)
    throw new MalformedAnswer(
      'the answer has neither an ETag nor a date, and may come from something else than a store',
    );
  const etag = bareEtag(headers['etag'] ?? '');
  const storageClass = of('storage-class') || dialect.facts.defaultStorageClass;
  const marks = dialect.clientEncryptionMetadata;
  const hasCustomerKey = customerKey !== undefined && of(`${customerKey.object}algorithm`) !== undefined;
  const algorithm = hasCustomerKey ? customerEncryption : of('server-side-encryption');
  const head: ObjectHead = {
    size: tellsSize(headers) && headers['content-length'] === undefined ? 0 : wholeNumber(headers, 'content-length'),
    etag,
    lastModified: lastModified(headers),
    content: readContent(headers),
    userMetadata,
    storageClass,
    kind: kindOf(of('object-type'), etag),
    ...readArchive(headers, dialect, storageClass, now),
    clientEncrypted:
      (hasCustomerKey && !sentKey) ||
      (marks !== undefined && Object.keys(userMetadata).some((name) => name.startsWith(marks))),
  };
  const encryption = algorithm ? readEncryption(algorithm, headers, dialect) : undefined;
  const checksums = headerChecksums(headers);
  const checksum = strongestOf(checksums);
  const lock = readLock(headers, dialect, now);
  const others = readOthers(headers, dialect);
  const versionId = of('version-id');
  if (versionId !== undefined) head.versionId = versionId;
  if (encryption) head.encryption = encryption;
  if (of('tagging-count') !== undefined) head.tagCount = wholeNumber(headers, `${prefix}tagging-count`);
  if (crc64 !== undefined && headers[crc64]) head.crc64 = headers[crc64];
  if (checksum) Object.assign(head, { checksum, checksums });
  if (redirect && of(redirect)) head.redirect = fromWire(of(redirect) ?? '');
  if (lock) head.lock = lock;
  if (hiddenMetadata && Number(of(hiddenMetadata)) > 0)
    head.hiddenMetadata = wholeNumber(headers, prefix + hiddenMetadata);
  if (others) head.others = others;
  if (of('mp-parts-count') !== undefined) head.partsCount = wholeNumber(headers, `${prefix}mp-parts-count`);
  return head;
}

/** MD5 of no bytes. */
const etagOfNothing = 'd41d8cd98f00b204e9800998ecf8427e';

/** False where Content-Length is left out, as some stores do for empty objects, and the ETag is not that of nothing. */
export function tellsSize(headers: AnswerHeaders): boolean {
  return headers['content-length'] !== undefined || bareEtag(headers['etag'] ?? '').toLowerCase() === etagOfNothing;
}

function readContent(headers: AnswerHeaders): ContentHeaders {
  const content: ContentHeaders = {};
  for (const [field, name] of Object.entries(contentNames)) {
    const value = headers[name];
    if (value !== undefined) content[field as keyof ContentHeaders] = fromWire(value);
  }
  const encodings = content.contentEncoding?.split(',').map((encoding) => encoding.trim());
  if (encodings?.some(isTransfer)) {
    // How a client once sent the bytes is no property of them, and some stores keep it all the same.
    content.contentEncoding = encodings.filter((encoding) => !isTransfer(encoding)).join(',');
    if (content.contentEncoding === '') delete content.contentEncoding;
  }
  return content;
}

function isTransfer(encoding: string): boolean {
  return encoding.toLowerCase() === 'aws-chunked';
}

function readUserMetadata(headers: AnswerHeaders, prefix: string): Record<string, string> {
  const found = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), fromWire(value)]));
}

function readEncryption(algorithm: string, headers: AnswerHeaders, dialect: Dialect): Encryption {
  const { prefix, kmsKeyId, dataEncryption, bucketKey } = dialect.headers;
  const of = (name: string | undefined) => (name === undefined ? undefined : headers[prefix + name]);
  const encryption: Encryption = { algorithm };
  const [keyId, ofData] = [of(kmsKeyId), of(dataEncryption)];
  if (keyId) encryption.keyId = keyId;
  if (ofData) encryption.dataEncryption = ofData;
  if (of(bucketKey)?.toLowerCase() === 'true') encryption.bucketKey = true;
  return encryption;
}

/** A retention that has run out keeps nothing from being deleted, and could not be set on a copy. */
function readLock(headers: AnswerHeaders, { headers: { prefix, lock } }: Dialect, now: number): ObjectLock | undefined {
  if (!lock) return undefined;
  const [mode, until, hold] = [lock.mode, lock.until, lock.legalHold].map((name) => headers[prefix + name]);
  const retained = mode && until && !(Date.parse(until) <= now);
  const isOn = (value: string | undefined): boolean => value?.toUpperCase() === 'ON';
  const isEventHeld = isOn(headers[prefix + lock.eventHold]);
  if (!retained && !isOn(hold) && !isEventHeld) return undefined;
  const [days, years] = ['days', 'years'].map((unit) => headers[prefix + lock.eventHoldFor + unit]);
  return {
    ...(retained && { mode, until }),
    ...(isOn(hold) && { legalHold: true }),
    ...(isEventHeld && { eventHold: { ...(days && { days }), ...(years && { years }) } }),
  };
}

/** What is neither a field of its own nor known to be harmless: a copy may lose it, and must say so (I6). */
function readOthers(
  headers: AnswerHeaders,
  { headers: { prefix }, harmless }: Dialect,
): Record<string, string> | undefined {
  const isHarmless = (name: string): boolean =>
    harmless.some((known) => (known.endsWith('-') ? name.startsWith(known) : name === known));
  const found = Object.entries(headers).filter(
    ([name]) => name.startsWith(prefix) && !isHarmless(name.slice(prefix.length)),
  );
  return found.length > 0 ? Object.fromEntries(found.map(([name, value]) => [name, fromWire(value)])) : undefined;
}

/** All `x-amz-checksum-*` there are. */
export function headerChecksums(headers: AnswerHeaders): Checksum[] {
  return readChecksums(
    (algorithm) => headers[`x-amz-checksum-${algorithm.toLowerCase()}`],
    headers['x-amz-checksum-type'],
  );
}

function kindOf(type: string | undefined, etag: string): ObjectHead['kind'] {
  switch (type?.toLowerCase()) {
    case 'appendable':
      return 'appendable';
    case 'symlink':
      return 'symlink';
    case 'multipart':
      return 'multipart';
    case 'normal':
      return 'normal';
    default:
      return /-\d+$/.test(etag) ? 'multipart' : 'normal';
  }
}

function readArchive(
  headers: AnswerHeaders,
  { headers: { prefix }, archiveStatus, archivedClasses }: Dialect,
  storageClass: string,
  now: number,
): Pick<ObjectHead, 'archived' | 'restoring' | 'archiveTier'> {
  const archiveTier = archiveStatus === undefined ? undefined : headers[prefix + archiveStatus];
  if (archiveTier === undefined && !archivedClasses.includes(storageClass)) return { archived: false };
  const restore = headers[`${prefix}restore`] ?? '';
  const archived = { archived: true, ...(archiveTier !== undefined && { archiveTier }) };
  if (/ongoing-request="true"/.test(restore)) return { ...archived, restoring: true };
  if (!/ongoing-request="false"/.test(restore)) return archived;
  const expiry = Date.parse(/expiry-date="([^"]*)"/.exec(restore)?.[1] ?? '');
  return expiry <= now ? archived : { archived: false };
}

function wholeNumber(headers: AnswerHeaders, name: string): number {
  const text = headers[name] ?? '';
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value))
    throw new IncompleteAnswer(`the answer has no usable ${name}`);
  return value;
}

function lastModified(headers: AnswerHeaders): number {
  const time = Date.parse(headers['last-modified'] ?? '');
  if (Number.isNaN(time)) throw new IncompleteAnswer('the answer has no usable last-modified');
  return time;
}
