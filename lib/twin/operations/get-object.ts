import { httpDate, type Call, type Reply } from '../call.ts';
import { quoteEtag } from '../dialect.ts';
import { refuse } from '../errors.ts';
import type { Bucket } from '../model/bucket.ts';
import type { StoredObject } from '../model/object.ts';
import { checkRead } from '../rules/conditions.ts';
import { checkCustomerKey } from '../rules/customer-key.ts';
import { checksumHeaders, crcHeader, objectHeaders, versionHeader, type Headers } from '../rules/describe.ts';
import { addressedBucket, checkReadable, objectOf, versionAsked } from '../rules/locate.ts';

interface Window {
  first: number;
  length: number;
  /** Whether the answer is 206. */
  partial: boolean;
  partsCount?: number;
}

/** `bytes=a-b`, `a-` or `-n`; anything else means the whole object, as does a range an OSS object cannot satisfy. */
function parseRange(call: Call, size: number): { first: number; last: number } | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(call.headers['range'] ?? '');
  if (!found || (found[1] === '' && found[2] === '')) return undefined;
  const first = found[1] === '' ? Math.max(0, size - Number(found[2])) : Number(found[1]);
  const last = found[1] === '' || found[2] === '' ? size - 1 : Math.min(Number(found[2]), size - 1);
  if (first <= last) return { first, last };
  if (call.dialect.name === 'oss' && call.headers['x-oss-range-behavior'] !== 'standard') return undefined;
  throw refuse('InvalidRange', { fields: { ActualObjectSize: String(size) } });
}

function partWindow(object: StoredObject, asked: string): Window {
  const number = Number(asked);
  if (!Number.isInteger(number) || number < 1 || number > 10_000) {
    throw refuse('InvalidArgument', {
      message: 'Part number must be an integer between 1 and 10000, inclusive',
      fields: { ArgumentName: 'partNumber', ArgumentValue: asked },
    });
  }
  const { size } = object.content;
  if (!object.parts) {
    if (number !== 1) throw outside(asked, 1);
    return { first: 0, length: size, partial: true };
  }
  const part = object.parts[number - 1];
  if (!part) throw outside(asked, object.parts.length);
  const first = object.parts.slice(0, number - 1).reduce((sum, before) => sum + before.size, 0);
  return { first, length: part.size, partial: true, partsCount: object.parts.length };
}

function outside(asked: string, count: number): Error {
  return refuse('InvalidPartNumber', { fields: { PartNumberRequested: asked, ActualPartCount: String(count) } });
}

function windowOf(call: Call, object: StoredObject): Window {
  const { size } = object.content;
  const part = call.query.get('partNumber');
  if (part !== undefined && call.dialect.name === 'oss') throw refuse('NotImplemented');
  if (part !== undefined) return partWindow(object, part);
  const range = parseRange(call, size);
  if (!range) return { first: 0, length: size, partial: false };
  return { first: range.first, length: range.last - range.first + 1, partial: true };
}

/**
 * OSS documents for HEAD and GET of a symlink: bytes, length, ETag and checksum are the target's, Last-Modified is the later
 * of the two, everything else is the link's own.
 */
function followed(bucket: Bucket, object: StoredObject): { shown: StoredObject; read: StoredObject } {
  if (object.kind !== 'symlink') return { shown: object, read: object };
  const target = bucket.current(object.symlinkTarget!);
  if (!target || target.deleteMarker) throw refuse('SymlinkTargetNotExist');
  if (target.kind === 'symlink') throw refuse('InvalidTargetType');
  const { content, etag } = target;
  const lastModified = Math.max(object.lastModified, target.lastModified);
  return { shown: { ...object, content, etag, lastModified }, read: target };
}

const OVERRIDES =
  /^response-(content-type|content-language|expires|cache-control|content-disposition|content-encoding)$/;

function overrides(call: Call): Headers {
  const pairs = call.query.pairs.map(([name, value]) => [OVERRIDES.exec(name)?.[1], value] as const);
  return Object.fromEntries(pairs.filter(([name]) => name !== undefined));
}

async function readObject(call: Call, withContent: boolean): Promise<Reply> {
  const bucket = addressedBucket(call);
  const { shown: object, read } = followed(bucket, objectOf(call, bucket, call.key, versionAsked(call)));
  checkCustomerKey(call, read);
  checkRead(call, object);
  if (withContent) checkReadable(call, bucket, read);
  const { first, length, partial, partsCount } = windowOf(call, object);
  const { size } = object.content;
  const wantsChecksum = call.dialect.name === 's3' && call.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED';
  const hidesLength = call.world.quirks.hidesEmptyLength && !withContent && size === 0;
  const headers: Headers = {
    ...(await objectHeaders(call, bucket, object)),
    ...(wantsChecksum && length === size && (await checksumHeaders(object))),
    ...overrides(call),
    'content-length': hidesLength ? undefined : String(length),
    'content-range': partial && size > 0 ? `bytes ${first}-${first + length - 1}/${size}` : undefined,
    'x-amz-mp-parts-count': partsCount === undefined ? undefined : String(partsCount),
  };
  return { status: partial ? 206 : 200, headers, ...(withContent && { content: object.content.range(first, length) }) };
}

export const getObject = (call: Call): Promise<Reply> => readObject(call, true);
export const headObject = (call: Call): Promise<Reply> => readObject(call, false);

/** OSS's lighter HEAD; unlike HeadObject it describes a symlink itself. */
export async function getObjectMeta(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  const object = objectOf(call, bucket, call.key, versionAsked(call));
  return {
    status: 200,
    headers: {
      'content-length': String(object.content.size),
      etag: quoteEtag(call.dialect, object.etag),
      'last-modified': httpDate(object.lastModified),
      ...versionHeader(call, bucket, object),
      ...(await crcHeader(call, object)),
    },
  };
}
