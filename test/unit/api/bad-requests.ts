/** Requests that must be refused: what is wrong, the request, and the problem it gets. None may reach the store. */
import { bodilessPayload } from '../../../lib/api/callers/authenticate.ts';
import { sign } from '../../../lib/api/callers/signature.ts';
import type { ApiRequest } from '../../../lib/api/http/http.ts';
import type { ProblemKind } from '../../../lib/api/http/problem.ts';
import { fullRequest, keys, secrets, start } from './fakes.ts';

export type BadRequest = [what: string, request: Partial<ApiRequest>, status: number, kind: ProblemKind];

const source = 'oss://media/uploads/a.bin';
const destination = 'oss://backup/a.bin';

function body(json: unknown): Partial<ApiRequest> {
  return { body: Buffer.from(JSON.stringify(json)) };
}

function text(raw: string | Uint8Array): Partial<ApiRequest> {
  return { body: Buffer.from(raw) };
}

function copy(fields: object): Partial<ApiRequest> {
  return body({ source, destination, ...fields });
}

const options = (fields: object) => copy({ options: fields });
const from = (url: string) => copy({ source: url });
const to = (url: string) => copy({ destination: url });
const prefixes = (fromPrefix: string, toPrefix: string) => ({ path: '/v1/renames', ...body({ fromPrefix, toPrefix }) });
const callback = (url: string) => copy({ callback: url });
const headers = (changed: ApiRequest['headers']) => ({ ...copy({}), headers: changed });

const template = { kind: 'template', template: '{key}' };
const shared = { source: { prefix: 'oss://shared/' }, destination: 'oss://backup/' };
const again = (fields: object) => ({
  path: '/v1/batches',
  ...body({ source: { batch: 'nowhere' }, ...fields }),
});
const batch = (fields: object) => ({
  path: '/v1/batches',
  ...body({ source: { prefix: 'oss://media/uploads/' }, destination: 'oss://backup/', ...fields }),
});

/** Signed at a time, with changes made afterwards. */
function signed(change: Partial<ApiRequest>, at = start, secret = secrets.media): Partial<ApiRequest> {
  const request = fullRequest(copy({}));
  const made = { ...sign([secret], 'msg_1', at, request.body) };
  return { ...request, ...change, headers: { authorization: undefined, ...made, ...change.headers } };
}

const signedGet = { method: 'GET', path: '/v1/copies/abc', query: '', body: Buffer.alloc(0) };

export const malformed: BadRequest[] = [
  ['no JSON', text('{"source":'), 400, 'bad-json'],
  ['an empty body', text(''), 400, 'bad-json'],
  ['bytes that are not UTF-8', text(Uint8Array.of(0x22, 0xff, 0xfe, 0x22)), 400, 'bad-json'],
  ['an array', body([]), 422, 'invalid'],
  ['null', body(null), 422, 'invalid'],
  ['brackets without end', text('['.repeat(200_000)), 400, 'bad-json'],
  ['a body over the limit', text(' '.repeat(256 * 1024 + 1)), 413, 'body-too-large'],
  ['a URL over the limit', { ...copy({}), query: `a=${'x'.repeat(5000)}` }, 414, 'url-too-long'],
  ['another content type', headers({ 'content-type': 'text/plain' }), 415, 'unsupported-media-type'],
  ['no content type', headers({ 'content-type': undefined }), 415, 'unsupported-media-type'],
  ['another charset', headers({ 'content-type': 'application/json; charset=utf-16' }), 415, 'unsupported-media-type'],
  ['a compressed body', headers({ 'content-encoding': 'gzip' }), 415, 'unsupported-media-type'],
  ['an unknown path', { ...copy({}), path: '/v1/copy' }, 404, 'not-found'],
  ['a path with dots', { ...copy({}), path: '/v1/../v1/copies' }, 404, 'not-found'],
  ['a method that is not there', { ...copy({}), method: 'PUT' }, 405, 'method-not-allowed'],
  ['a POST on a job', { ...copy({}), path: '/v1/copies/abc' }, 405, 'method-not-allowed'],
  ['an unknown query parameter', { ...copy({}), query: 'dry=1' }, 400, 'bad-request'],
  ['a parameter twice', { method: 'GET', query: 'limit=1&limit=2' }, 400, 'bad-request'],
  ['a limit that is no number', { method: 'GET', query: 'limit=many' }, 400, 'bad-request'],
  ['a limit of zero', { method: 'GET', query: 'limit=0' }, 400, 'bad-request'],
  ['an unknown state', { method: 'GET', query: 'state=lost' }, 400, 'bad-request'],
  ['a GET with a body', { ...copy({}), method: 'GET' }, 400, 'bad-request'],
  ['an idempotency key with a line break', headers({ 'idempotency-key': 'a\nb' }), 400, 'bad-request'],
  ['an idempotency key that is too long', headers({ 'idempotency-key': 'a'.repeat(256) }), 400, 'bad-request'],
  ['an id that is no id', { method: 'GET', path: '/v1/copies/..%2f..%2fetc' }, 404, 'not-found'],
];

export const wrongFields: BadRequest[] = [
  ['a missing field', body({ source }), 422, 'invalid'],
  ['a number for a URL', copy({ source: 7 }), 422, 'invalid'],
  ['an unknown field', copy({ soruce: source }), 422, 'invalid'],
  ['an unknown option', options({ storageclass: 'IA' }), 422, 'invalid'],
  [
    'a field that would change prototypes',
    text(`{"source":"${source}","destination":"${destination}","__proto__":{}}`),
    422,
    'invalid',
  ],
  ['an unknown overwrite', options({ overwrite: 'sometimes' }), 422, 'invalid'],
  ['a negative part size', options({ partSize: -1 }), 422, 'invalid'],
  ['a part size with a fraction', options({ partSize: 1048576.5 }), 422, 'invalid'],
  ['a part size beyond any store', options({ partSize: 1e12 }), 422, 'invalid'],
  ['a concurrency of zero', options({ concurrency: 0 }), 422, 'invalid'],
  [
    'eleven tags',
    options({ tags: { set: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`t${i}`, ''])) } }),
    422,
    'invalid',
  ],
  ['a tag name that is too long', options({ tags: { set: { ['t'.repeat(129)]: 'x' } } }), 422, 'invalid'],
  [
    'a line break in metadata',
    options({ metadata: { set: { owner: 'me\r\nx-oss-object-acl: public-read' } } }),
    422,
    'invalid',
  ],
  ['a metadata name with a colon', options({ metadata: { set: { 'a:b': 'x' } } }), 422, 'invalid'],
  ['a metadata name in upper case', options({ metadata: { set: { Owner: 'x' } } }), 422, 'invalid'],
  [
    'too much metadata',
    options({
      metadata: { set: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`m${i}`, 'x'.repeat(1000)])) },
    }),
    422,
    'invalid',
  ],
  [
    'a line break in a content header',
    options({ metadata: { content: { contentType: 'text/html\n' } } }),
    422,
    'invalid',
  ],
  ['a line break in a class', options({ storageClass: 'IA\r\nx: y' }), 422, 'invalid'],
  ['an encryption without algorithm', options({ encryption: { keyId: 'k' } }), 422, 'invalid'],
  ['a metadata request that changes nothing', { path: '/v1/metadata', ...body({ object: source }) }, 422, 'invalid'],
  ['a rename with the fields of a copy', { path: '/v1/renames', ...copy({}) }, 422, 'invalid'],
];

export const wrongObjects: BadRequest[] = [
  ['no URL', from('uploads/a.bin'), 422, 'invalid'],
  ['an address of the web', from('https://example.com/a'), 422, 'unknown-store'],
  ['a file', from('file:///etc/passwd'), 422, 'invalid'],
  ['a store that is not configured', from('gs://media/uploads/a'), 422, 'unknown-store'],
  ['a store named like a property of all objects', from('constructor://media/uploads/a'), 422, 'unknown-store'],
  ['a bucket without key', from('oss://media'), 422, 'invalid'],
  ['an empty key', from('oss://media/'), 422, 'invalid'],
  ['a bucket of dots', from('oss://../uploads/a'), 422, 'invalid'],
  ['a user name before the bucket', from('oss://me@media/uploads/a'), 422, 'invalid'],
  ['a port after the bucket', from('oss://media:80/uploads/a'), 422, 'invalid'],
  ['a key of 1,025 bytes', from(`oss://media/uploads/${'é'.repeat(508)}x`), 422, 'invalid'],
  ['a key that only this store finds too long', from(`oss://media/uploads/${'é'.repeat(508)}`), 422, 'key-too-long'],
  ['half of a surrogate pair in a key', from('oss://media/uploads/\ud800'), 422, 'invalid'],
  ['two stores', to('s3://assets/a'), 422, 'cross-store'],
  ['source and destination the same', to(source), 422, 'same-object'],
  ['a rename onto itself', { path: '/v1/renames', ...body({ from: source, to: source }) }, 422, 'same-object'],
  ['a source that the policy does not list', from('oss://private/a'), 403, 'forbidden'],
  ['a source beside the listed prefix', from('oss://media/uploads.old/a'), 403, 'forbidden'],
  ['a bucket whose name begins like a listed one', from('oss://shared-not/a'), 403, 'forbidden'],
  ['a destination that may only be read', to('oss://shared/a'), 403, 'forbidden'],
  [
    'a rename out of a bucket that may only be read',
    { path: '/v1/renames', ...body({ from: 'oss://shared/a', to: destination }) },
    403,
    'forbidden',
  ],
  [
    'metadata of an object that may only be read',
    { path: '/v1/metadata', ...body({ object: 'oss://shared/a', tags: {} }) },
    403,
    'forbidden',
  ],
  ['dots that leave the listed prefix', from('oss://media/uploads/../secret/a'), 403, 'forbidden'],
  ['dots that enter the listed prefix', from('oss://media/secret/../uploads/a'), 403, 'forbidden'],
  ['dots that climb above the bucket', from('oss://media/uploads/../../private/a'), 422, 'invalid'],
  ['a prefix inside the other', prefixes('oss://media/uploads/', 'oss://media/uploads/old/'), 422, 'invalid'],
  ['the same prefix twice', prefixes('oss://media/uploads/a', 'oss://media/uploads/a'), 422, 'invalid'],
  ['two stores of prefixes', prefixes('s3://assets/a/', 'oss://backup/a/'), 422, 'cross-store'],
  ['a prefix wider than the policy', prefixes('oss://media/', 'oss://backup/'), 403, 'forbidden'],
  [
    'a prefix and an object',
    { path: '/v1/renames', ...body({ fromPrefix: 'oss://media/uploads/', to: destination }) },
    422,
    'invalid',
  ],
  ['a slash at the start of a key', from('oss://shared//a'), 422, 'invalid'],
];

export const wrongCallers: BadRequest[] = [
  ['no caller', headers({ authorization: undefined }), 401, 'unauthorized'],
  ['an unknown key', headers({ authorization: 'Bearer unknown-0123456789abcdefgh' }), 401, 'unauthorized'],
  ['the start of a key', headers({ authorization: `Bearer ${keys.media.slice(0, -1)}` }), 401, 'unauthorized'],
  ['no bearer key', headers({ authorization: 'Basic bWVkaWE6eA==' }), 401, 'unauthorized'],
  ['an empty bearer key', headers({ authorization: 'Bearer ' }), 401, 'unauthorized'],
  ['a key of a caller who may do something else', headers({ authorization: `Bearer ${keys.other}` }), 403, 'forbidden'],
  ['a signature with an unknown secret', signed({}, start, secrets.stranger), 401, 'unauthorized'],
  ['a signature over another body', signed(copy({ destination: 'oss://backup/b.bin' })), 401, 'unauthorized'],
  ['a signature with another id', signed({ headers: { 'webhook-id': 'msg_2' } }), 401, 'unauthorized'],
  ['a signature that is not base64', signed({ headers: { 'webhook-signature': 'v1,%%%' } }), 401, 'unauthorized'],
  ['a signature without an id', signed({ headers: { 'webhook-id': undefined } }), 401, 'unauthorized'],
  ['a time that is no number', signed({ headers: { 'webhook-timestamp': 'now' } }), 401, 'unauthorized'],
  ['a signature from ten minutes ago', signed({}, start - 600_000), 401, 'stale-timestamp'],
  ['a signature from ten minutes ahead', signed({}, start + 600_000), 401, 'stale-timestamp'],
  [
    'a signed request under another idempotency key',
    signed({ headers: { 'idempotency-key': 'k' } }),
    400,
    'bad-request',
  ],
  ['a signed body sent as a DELETE', signed({ method: 'DELETE', path: '/v1/copies/abc' }), 400, 'bad-request'],
  [
    'a signed GET sent as a DELETE',
    {
      ...signedGet,
      method: 'DELETE',
      headers: { authorization: undefined, ...sign([secrets.media], 'msg_1', start, bodilessPayload(signedGet)) },
    },
    401,
    'unauthorized',
  ],
];

/** The names `inside.example` and `a.wild.example` resolve to private addresses. */
export const wrongCallbacks: BadRequest[] = [
  ['no URL', callback('hooks'), 403, 'callback-forbidden'],
  ['a host that is not listed', callback('https://evil.example/'), 403, 'callback-forbidden'],
  ['a listed host without TLS', callback('http://hooks.example.com/'), 403, 'callback-forbidden'],
  ['a listed host on another port', callback('https://hooks.example.com:8443/'), 403, 'callback-forbidden'],
  ['another scheme', callback('gopher://hooks.example.com/'), 403, 'callback-forbidden'],
  ['a listed host as user name', callback('https://hooks.example.com@evil.example/'), 403, 'callback-forbidden'],
  ['a user name before a listed host', callback('https://me:pw@hooks.example.com/'), 403, 'callback-forbidden'],
  ['a backslash', callback('https://evil.example\\@hooks.example.com/'), 403, 'callback-forbidden'],
  ['a line break', callback('https://hooks.example.com/\r\nhost: evil'), 403, 'callback-forbidden'],
  [
    'a listed host as the start of another',
    callback('https://hooks.example.com.evil.example/'),
    403,
    'callback-forbidden',
  ],
  ['the wildcard without a name', callback('https://wild.example/'), 403, 'callback-forbidden'],
  ['127.0.0.1', callback('https://127.0.0.1/'), 403, 'callback-forbidden'],
  ['[::1]', callback('https://[::1]/'), 403, 'callback-forbidden'],
  ['127.0.0.1 as one decimal number', callback('https://2130706433/'), 403, 'callback-forbidden'],
  ['127.0.0.1 in octal', callback('https://0177.0.0.1/'), 403, 'callback-forbidden'],
  ['127.0.0.1 in hexadecimal', callback('https://0x7f.1/'), 403, 'callback-forbidden'],
  ['the metadata service', callback('https://169.254.169.254/latest/meta-data/'), 403, 'callback-forbidden'],
  ['the metadata service as IPv4 in IPv6', callback('https://[::ffff:169.254.169.254]/'), 403, 'callback-forbidden'],
  ['a name that resolves to a private address', callback('https://inside.example/'), 403, 'callback-forbidden'],
  ['a name with one private address of two', callback('https://a.wild.example/'), 403, 'callback-forbidden'],
  ['a name that does not exist', callback('https://b.wild.example/'), 422, 'invalid'],
];

export const wrongBatches: BadRequest[] = [
  ['a batch of nothing', batch({ source: {} }), 422, 'invalid'],
  ['a batch of two sources', batch({ source: { prefix: 'oss://media/uploads/', batch: 'abc' } }), 422, 'invalid'],
  ['a batch of a local file', batch({ source: { manifest: '/etc/passwd' } }), 422, 'invalid'],
  ['a batch to nowhere', batch({ destination: undefined }), 422, 'invalid'],
  ['a mapping beside a prefix', batch({ destination: 'oss://backup/x/', mapping: template }), 422, 'invalid'],
  ['a mapping that is none', batch({ mapping: { kind: 'reverse' } }), 422, 'invalid'],
  ['a glob of many stars', batch({ filters: { glob: '*a*a*a*a*' } }), 422, 'invalid'],
  ['an extended glob', batch({ filters: { glob: '+(a|b)' } }), 422, 'invalid'],
  ['a glob with a group', batch({ filters: { glob: '(a+)+b' } }), 422, 'invalid'],
  ['a glob that repeats', batch({ filters: { glob: '[ab]+[ab]+[ab]+z' } }), 422, 'invalid'],
  ['a glob of many choices', batch({ filters: { glob: '{a,aa}{a,aa}{a,aa}{a,aa}b' } }), 422, 'invalid'],
  ['a page of nothing', batch({ pageSize: 0 }), 422, 'invalid'],
  ['a rate of nothing', batch({ limits: { requestsPerSecond: 0 } }), 422, 'invalid'],
  ['a batch from elsewhere', batch({ source: { prefix: 'oss://media/' } }), 403, 'forbidden'],
  ['a batch to elsewhere', batch({ destination: 'oss://media/' }), 403, 'forbidden'],
  ['a batch that climbs', batch({ source: { prefix: 'oss://media/uploads/../' } }), 403, 'forbidden'],
  ['a list from elsewhere', batch({ source: { manifest: 'oss://other/list.csv' } }), 403, 'forbidden'],
  ['an inventory from elsewhere', batch({ source: { inventory: 'oss://other/manifest.json' } }), 403, 'forbidden'],
  ['a rename of what may only be read', batch({ mode: 'rename', ...shared }), 403, 'forbidden'],
  ['a change of what may only be read', batch({ mode: 'metadata', ...shared }), 403, 'forbidden'],
  ['a batch between stores', batch({ source: { prefix: 's3://assets/' } }), 422, 'cross-store'],
  ['a batch of an unknown store', batch({ source: { prefix: 'gcs://media/' } }), 422, 'unknown-store'],
  ['a batch of an unknown batch', again({}), 404, 'not-found'],
  ['a batch of a batch to elsewhere', again({ destination: 'oss://backup/x/' }), 422, 'invalid'],
  ['a batch of a batch with a mapping', again({ mapping: template }), 422, 'invalid'],
  ['an unknown batch', { method: 'GET', path: '/v1/batches/abc' }, 404, 'not-found'],
  ['the results of one', { method: 'GET', path: '/v1/batches/abc/results' }, 404, 'not-found'],
  ['a pause of one', { path: '/v1/batches/abc/pause' }, 404, 'not-found'],
  [
    'a cursor of our own',
    { method: 'GET', path: '/v1/batches/abc/results', query: 'cursor=..%2F' },
    400,
    'bad-request',
  ],
  ['a batch that calls a stranger', batch({ callback: 'https://evil.example/' }), 403, 'callback-forbidden'],
];
