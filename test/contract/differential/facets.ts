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
  [/^x-(?:amz|oss)-server-side-/, 'encryption-key'],
  [/^x-amz-checksum-/, 'checksum'],
  [/^x-amz-website-redirect-location$/, 'redirect'],
  [/^x-amz-object-lock-/, 'lock'],
  [/^etag$/, 'etag'],
  [/^(.*)$/, 'header:$1'],
];

/** The class of an object whose HEAD names none. */
const defaultClass: Record<Server['scheme'], string> = { s3: 'STANDARD', oss: 'Standard' };

/** Header name to the name of its loss; undefined for headers that say nothing about the object. */
export function whatOf(header: string): string | undefined {
  if (ofAnswer.test(header)) return undefined;
  const [pattern, what] = rows.find(([its]) => its.test(header))!;
  return pattern.exec(header)![0] === header ? header.replace(pattern, what) : what;
}

/** Several headers of one name (a checksum and its type) are one fact. */
export function factsOfHeaders(headers: Record<string, string>, scheme: Server['scheme']): Map<string, string> {
  const facts = new Map<string, string>([['storage-class', defaultClass[scheme]]]);
  const seen = new Set<string>();
  for (const name of Object.keys(headers).sort()) {
    const what = whatOf(name);
    if (what === undefined) continue;
    const value = what === 'checksum' || what === 'lock' ? `${name}: ${headers[name]}` : (headers[name] ?? '');
    facts.set(what, seen.has(what) ? `${facts.get(what)}, ${value}` : value);
    seen.add(what);
  }
  return facts;
}

/** The names whose facts differ, with both values. */
export function differences(a: Facts, b: Facts): Map<string, [string | undefined, string | undefined]> {
  const names = [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name));
  return new Map(names.sort().map((name) => [name, [a.get(name), b.get(name)]]));
}
