/** Writes an object as its description says, in one request or in parts. */
import { createCipheriv, createHash } from 'node:crypto';
import { Digest } from '../../../lib/twin/model/checksums.ts';
import type { Spec } from './objects.ts';
import { ask, elements, type Server } from './wire.ts';

/** The same bytes for the same seed, no two ranges alike. */
export function bytesOf({ seed, size }: Pick<Spec, 'seed' | 'size'>): Buffer {
  const key = Buffer.alloc(16);
  key.writeBigUInt64BE(BigInt(seed));
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

function sum(algorithm: NonNullable<Spec['checksum']>['algorithm'], bytes: Buffer): string {
  const digest = new Digest(algorithm);
  digest.update(bytes);
  return digest.base64();
}

/** Returns the version, where the bucket keeps versions. */
export async function put(server: Server, bucket: string, spec: Spec): Promise<string | undefined> {
  const version = await putObject(server, bucket, spec);
  for (const [name, body] of Object.entries(spec.annotations ?? {})) {
    const query = { annotation: '', annotationName: name, ...(version !== undefined && { versionId: version }) };
    await ask(server, { method: 'PUT', bucket, key: spec.key, query, body });
  }
  return version;
}

async function putObject(server: Server, bucket: string, spec: Spec): Promise<string | undefined> {
  const { key, headers, checksum } = spec;
  const body = bytesOf(spec);
  if (spec.partSize !== undefined) return putParts(server, bucket, spec, body, spec.partSize);
  const more = checksum && { [`x-amz-checksum-${checksum.algorithm.toLowerCase()}`]: sum(checksum.algorithm, body) };
  // A write with a lock must prove its body.
  const md5 = { 'content-md5': createHash('md5').update(body).digest('base64') };
  const answer = await ask(server, { method: 'PUT', bucket, key, headers: { ...headers, ...md5, ...more }, body });
  return answer.headers['x-amz-version-id'] ?? answer.headers['x-oss-version-id'];
}

async function putParts(
  server: Server,
  bucket: string,
  spec: Spec,
  body: Buffer,
  partSize: number,
): Promise<string | undefined> {
  const { key, checksum } = spec;
  // OSS takes the ACL with the last request, everything else with the first.
  const { 'x-oss-object-acl': acl, ...headers } = spec.headers;
  const kind = checksum && {
    'x-amz-checksum-algorithm': checksum.algorithm,
    'x-amz-checksum-type': checksum.type,
  };
  const begun = await ask(server, {
    method: 'POST',
    bucket,
    key,
    query: { uploads: '' },
    headers: { ...headers, ...kind },
  });
  const [uploadId = ''] = elements(begun.body, 'UploadId');
  const parts: string[] = [];
  for (let at = 0; at < body.length; at += partSize) {
    const part = body.subarray(at, at + partSize);
    const number = parts.length + 1;
    const value = checksum && sum(checksum.algorithm, part);
    const sent = await ask(server, {
      ...{ method: 'PUT', bucket, key, query: { partNumber: String(number), uploadId } },
      headers: checksum && value ? { [`x-amz-checksum-${checksum.algorithm.toLowerCase()}`]: value } : {},
      body: part,
    });
    const named = checksum ? `<Checksum${checksum.algorithm}>${value}</Checksum${checksum.algorithm}>` : '';
    parts.push(`<Part><PartNumber>${number}</PartNumber><ETag>${sent.headers['etag']}</ETag>${named}</Part>`);
  }
  const whole = checksum && {
    'x-amz-checksum-type': checksum.type,
    ...(checksum.type === 'FULL_OBJECT' && {
      [`x-amz-checksum-${checksum.algorithm.toLowerCase()}`]: sum(checksum.algorithm, body),
    }),
  };
  const answer = await ask(server, {
    ...{ method: 'POST', bucket, key, query: { uploadId } },
    headers: { ...whole, ...(acl && { 'x-oss-object-acl': acl }) },
    body: `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`,
  });
  const [code] = elements(answer.body, 'Code');
  if (code !== undefined) throw new Error(`${bucket}/${key} was not put together: ${answer.body.toString()}`);
  return answer.headers['x-amz-version-id'] ?? answer.headers['x-oss-version-id'];
}
