/** Keys of the customer (SSE-C) on the wire: which requests carry which key, and that no message repeats one. */
import { describe, expect, it } from 'vitest';
import type { StoreAddress } from '../../../lib/copy/model/object.ts';
import { bench, type Reply, type Sent } from './harness.ts';

const address: StoreAddress = {
  scheme: 's3',
  region: 'eu-west-1',
  customerKeys: [
    { bucket: 'from', key: 'in/', reference: 'env:A' },
    { bucket: 'to', key: 'out/', reference: 'env:B' },
  ],
};
const customerKey = (reference: string) => ({ key: `key of ${reference}`, md5: `md5 of ${reference}` });
const [source, destination] = [
  { bucket: 'from', key: 'in/a' },
  { bucket: 'to', key: 'out/a' },
];
const head: Reply = {
  headers: { 'content-length': '1', etag: '"e"', 'last-modified': 'Mon, 01 Jun 2026 12:00:00 GMT' },
};
const xml = (root: string, inner: string): Reply => ({ body: `<${root}>${inner}</${root}>` });
const replies: Record<string, Reply> = {
  HEAD: head,
  copy: xml('CopyObjectResult', '<ETag>"e"</ETag>'),
  part: xml('CopyPartResult', '<ETag>"e"</ETag>'),
  begin: xml('InitiateMultipartUploadResult', '<UploadId>u</UploadId>'),
  end: xml('CompleteMultipartUploadResult', '<ETag>"e"</ETag>'),
  list: xml('ListPartsResult', '<IsTruncated>false</IsTruncated>'),
  tags: xml('Tagging', '<TagSet/>'),
};
const opened = (reply: Reply) => bench('s3', [reply], { address, customerKey });

/** The keys that a request carries: of the object, and of the source of a copy. */
function keysOf(sent: Sent | undefined): (string | undefined)[] {
  const names = ['x-amz-', 'x-amz-copy-source-'].map((start) => `${start}server-side-encryption-customer-`);
  return names.map((name) => {
    const [algorithm, key, md5] = ['algorithm', 'key', 'key-md5'].map((end) => sent?.headers[name + end]);
    if (key !== undefined)
      expect([algorithm, md5?.slice('md5 of '.length)]).toEqual(['AES256', key.slice('key of '.length)]);
    return key?.slice('key of '.length);
  });
}

describe('a request to a store with keys of the customer', () => {
  const copy = { source, destination, sourceIfMatch: 'e' };
  const plain = { content: {}, userMetadata: {}, tags: {} };
  const encryption = { algorithm: 'SSE-C' };
  type Calls = [
    what: string,
    reply: Reply,
    call: (store: ReturnType<typeof opened>['store']) => Promise<unknown>,
    keys: unknown[],
  ];
  it.each<Calls>([
    ['HEAD of the source', head, (store) => store.head(source), ['env:A', undefined]],
    ['HEAD of another object', head, (store) => store.head({ bucket: 'from', key: 'a' }), [undefined, undefined]],
    [
      'CopyObject',
      replies['copy']!,
      (store) => store.copyObject({ ...copy, metadata: { directive: 'copy' }, tags: 'copy', encryption }),
      ['env:B', 'env:A'],
    ],
    [
      'Initiate',
      replies['begin']!,
      (store) => store.initiate({ destination, ...plain, encryption }),
      ['env:B', undefined],
    ],
    [
      'UploadPartCopy',
      replies['part']!,
      (store) => store.uploadPartCopy({ ...copy, uploadId: 'u', partNumber: 1, first: 0, last: 1, sourceSize: 2 }),
      ['env:B', 'env:A'],
    ],
    ['ListParts', replies['list']!, (store) => store.listParts(destination, 'u'), ['env:B', undefined]],
    [
      'Complete',
      replies['end']!,
      (store) => store.complete({ destination, uploadId: 'u', parts: [{ number: 1, etag: 'e' }] }),
      ['env:B', undefined],
    ],
    ['a question for tags', replies['tags']!, (store) => store.getTags(source), [undefined, undefined]],
  ])('carries those that it needs: %s', async (_, reply, call, keys) => {
    const { store, sent } = opened(reply);
    await call(store);
    expect(keysOf(sent[0])).toEqual(keys);
    // The key says it alone: both together are refused.
    expect(sent[0]?.headers['x-amz-server-side-encryption']).toBeUndefined();
  });

  it('is refused with no key in the message, even where the store repeats it', async () => {
    const echo = xml('Error', '<Code>InvalidArgument</Code><Message>bad key of env:A, md5 of env:A</Message>');
    const { store } = opened({ status: 400, ...echo });
    const error: unknown = await store.getObject(source).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('***');
    expect(String(error)).not.toMatch(/key of env:A|md5 of env:A/);
  });
});

describe('the client of a store that ignores a key', () => {
  it('takes no object for one of the customer that the answer does not call so', async () => {
    const { store } = opened(head);
    expect((await store.head(destination)).encryption).toBeUndefined();
  });

  it('keeps calling an object closed whose key was not sent', async () => {
    const closed = { headers: { ...head.headers, 'x-amz-server-side-encryption-customer-algorithm': 'AES256' } };
    const found = await opened(closed).store.head({ bucket: 'from', key: 'a' });
    expect(found).toMatchObject({ clientEncrypted: true, encryption: { algorithm: 'SSE-C' } });
  });
});
