import { describe, expect, it } from 'vitest';
import { decodeAwsChunked } from '../../../lib/twin/auth/aws-chunked.ts';
import { AWS4, signingKey, type Claim } from '../../../lib/twin/auth/v4.ts';

/** The streaming upload of 65 KiB in AWS's documentation of chunked signatures. */
const claim: Claim = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  date: '20130524',
  region: 'us-east-1',
  service: 's3',
  terminator: 'aws4_request',
  timestamp: '20130524T000000Z',
  signedHeaders: [],
  signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  token: undefined,
  expires: undefined,
};
const signer = {
  key: signingKey(AWS4, 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', claim),
  timestamp: claim.timestamp,
  scope: '20130524/us-east-1/s3/aws4_request',
  seed: claim.signature,
};
const SIGNATURES = [
  'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
  '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
  'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
];

function encode(signatures: readonly string[], sizes = [65_536, 1024, 0]): Buffer {
  const chunks = sizes.map((size, index) =>
    Buffer.from(`${size.toString(16)};chunk-signature=${signatures[index]}\r\n${'a'.repeat(size)}\r\n`),
  );
  return Buffer.concat(chunks);
}

async function* pieces(body: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
}

async function decode(body: Buffer, size: number, trailers: [string, string][] = [], signed = true): Promise<string> {
  const decoded: Buffer[] = [];
  const source = decodeAwsChunked(pieces(body, size), signed ? signer : undefined, (...trailer) =>
    trailers.push(trailer),
  );
  for await (const piece of source) decoded.push(piece);
  return Buffer.concat(decoded).toString();
}

describe('aws-chunked bodies', () => {
  it.each([1000, 7, 100_000])("AWS's published chunk signatures hold, in pieces of %i bytes", async (size) => {
    expect(await decode(encode(SIGNATURES), size)).toBe('a'.repeat(66_560));
  });

  it('a wrong, missing or reordered chunk signature is refused', async () => {
    const [one, two, end] = SIGNATURES as [string, string, string];
    for (const signatures of [
      [one, one, end],
      ['', two, end],
      [one, two, two],
    ]) {
      await expect(decode(encode(signatures), 4096)).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
    }
  });

  it('a body that ends early is refused', async () => {
    const whole = encode(SIGNATURES);
    for (const length of [10, 50_000, whole.length - 3]) {
      await expect(decode(whole.subarray(0, length), 4096)).rejects.toMatchObject({ code: 'IncompleteBody' });
    }
  });

  it('trailing headers are handed over', async () => {
    const trailers: [string, string][] = [];
    const body = Buffer.from('5\r\nhello\r\n0\r\nX-Amz-Checksum-CRC32: NhCmhg==\r\n\r\n');
    expect(await decode(body, 3, trailers, false)).toBe('hello');
    expect(trailers).toEqual([['x-amz-checksum-crc32', 'NhCmhg==']]);
  });
});
