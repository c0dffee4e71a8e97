/** Everything a store tells about an object, sorted into the words by which a result names a loss. */
import type { Server } from './wire.ts';

/** What is known of one object: the name of a loss, and the value that would be lost. */
export type Facts = ReadonlyMap<string, string>;

/** Of an answer or of the time, not of the object. */
const ofAnswer = new RegExp(
  `^(${[
    ...['date', 'server', 'connection', 'keep-alive', 'transfer-encoding', 'accept-ranges', 'last-modified', 'vary'],
    // The bytes are compared themselves.
    ...['content-length', 'content-md5', 'x-oss-hash-crc64ecma'],
    // Tags and parts are compared themselves: by reading the tags, and in the ETag.
    ...['x-(amz|oss)-tagging-count', 'x-amz-mp-parts-count', 'x-oss-object-type'],
    ...['x-(amz|oss)-request-id', 'x-(amz|oss)-id-2', 'x-(amz|oss)-version-id', 'x-oss-server-time'],
    ...['x-rgw-object-type', 'x-trans-id', 'x-openstack-request-id'],
  ].join('|')})$`,
);

/** The first row that matches names the header; a header of no row is its own name, and as much a loss as any. */
const rows: readonly [pattern: RegExp, what: string][] = [
  [/^content-type$/, 'content:contentType'],
  [/^cache-control$/, 'content:cacheControl'],
  [/^content-disposition$/, 'content:contentDisposition'],
  [/^content-encoding$/, 'content:contentEncoding'],
  [/^content-language$/, 'content:contentLanguage'],
  [/^expires$/, 'content:expires'],
  [/^x-(?:amz|oss)-meta-(.*)$/, 'metadata:$1'],
  [/^x-(?:amz|oss)-storage-class$/, 'storage-class'],
  [/^x-(?:amz|oss)-server-side-encryption$/, 'encryption'],
  [/^x-(?:amz|oss)-server-side-.*/, 'encryption-key'],
  [/^x-amz-checksum-.*/, 'checksum'],
  [/^x-amz-website-redirect-location$/, 'website-redirect'],
  [/^x-amz-object-lock-mode$/, 'object-lock'],
  [/^x-amz-object-lock-retain-until-date$/, 'object-lock-until'],
  [/^x-amz-object-lock-legal-hold$/, 'legal-hold'],
  [/^etag$/, 'etag'],
];

/** The class of an object whose HEAD names none. */
const defaultClass: Record<Server['scheme'], string> = { s3: 'STANDARD', oss: 'Standard' };

/** Header name to the name of its loss; undefined for headers that say nothing about the object. */
function whatOf(header: string): string | undefined {
  if (ofAnswer.test(header)) return undefined;
  const row = rows.find(([pattern]) => pattern.test(header));
  return row ? header.replace(...row) : header;
}

/** Several headers of one name are one fact. */
export function factsOfHeaders(headers: Record<string, string>, scheme: Server['scheme']): Map<string, string> {
  const facts = new Map<string, string>([['storage-class', defaultClass[scheme]]]);
  for (const [name, value] of Object.entries(headers)) {
    const what = whatOf(name);
    if (what !== undefined && what !== 'checksum') facts.set(what, value);
  }
  const sums = checksumText(headers);
  if (sums !== '') facts.set('checksum', sums);
  return facts;
}

/**
 * `CRC32 FULL_OBJECT AAAAAA==, ...`; without the value where it is of the parts: like an ETag it then tells how the object
 * was written.
 */
function checksumText(headers: Record<string, string>): string {
  const type = headers['x-amz-checksum-type'] ?? 'FULL_OBJECT';
  const sums = Object.entries(headers).flatMap(([name, value]) => {
    const [, algorithm] = /^x-amz-checksum-(?!type$)(.*)$/.exec(name) ?? [];
    return algorithm === undefined
      ? []
      : [`${algorithm.toUpperCase()} ${type}${type === 'COMPOSITE' ? '' : ` ${value}`}`];
  });
  return sums.sort().join(', ');
}

/** Kept is each checksum of the source; one of the whole object does for one of its parts, and more are no loss. */
function keepsChecksums(was: Facts, is: Facts): boolean {
  const sums = (facts: Facts): string[] => (facts.get('checksum') ?? '').split(', ').filter((sum) => sum !== '');
  // Of other bytes there can only be other sums.
  const sameBytes = was.get('bytes') === is.get('bytes');
  return sums(was).every((sum) => {
    const [algorithm, type] = sum.split(' ');
    return sums(is).some((other) => {
      const [itsAlgorithm, itsType] = other.split(' ');
      if (algorithm !== itsAlgorithm) return false;
      return type === 'COMPOSITE' || (type === itsType && (sum === other || !sameBytes));
    });
  });
}

/** The names of facts that are not kept, or that came to be, with both values. */
export function differences(was: Facts, is: Facts): Map<string, [string | undefined, string | undefined]> {
  const names = [...new Set([...was.keys(), ...is.keys()])].filter((name) =>
    name === 'checksum' ? !keepsChecksums(was, is) : was.get(name) !== is.get(name),
  );
  return new Map(names.sort().map((name) => [name, [was.get(name), is.get(name)]]));
}
