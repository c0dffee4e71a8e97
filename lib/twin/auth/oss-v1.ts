/** OSS signature version 1 (`Authorization: OSS key:signature`), still the default of the ali-oss SDK. */
import { createHmac } from 'node:crypto';
import type { RequestHead } from '../wire/head.ts';

/** Query names that are part of the signed resource; all others are not signed. */
const SIGNED_QUERY = new Set([
  'acl',
  'append',
  'asyncFetch',
  'bucketInfo',
  'callback',
  'callback-var',
  'continuation-token',
  'cors',
  'delete',
  'encryption',
  'endTime',
  'img',
  'inventory',
  'inventoryId',
  'lifecycle',
  'live',
  'location',
  'logging',
  'objectMeta',
  'partNumber',
  'policy',
  'position',
  'qos',
  'referer',
  'replication',
  'requestPayment',
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
  'restore',
  'security-token',
  'sequential',
  'startTime',
  'stat',
  'symlink',
  'tagging',
  'uploadId',
  'uploads',
  'versionId',
  'versioning',
  'versions',
  'website',
  'worm',
  'x-oss-process',
  'x-oss-request-payer',
  'x-oss-traffic-limit',
]);

export interface V1Claim {
  accessKeyId: string;
  signature: string;
  token: string | undefined;
  /** The date line: the request's date, or the expiry (epoch seconds) of a presigned URL. */
  date: string;
  presigned: boolean;
}

export function readV1Claim({ headers, target }: RequestHead): V1Claim | undefined {
  const found = /^OSS ([^:]+):(.+)$/.exec(headers['authorization'] ?? '');
  if (found) {
    const date = headers['x-oss-date'] ?? headers['date'] ?? '';
    const token = headers['x-oss-security-token'];
    return { accessKeyId: found[1]!, signature: found[2]!, token, date, presigned: false };
  }
  const accessKeyId = target.query.get('OSSAccessKeyId');
  const signature = target.query.get('Signature');
  const date = target.query.get('Expires');
  if (!accessKeyId || !signature || !date) return undefined;
  return { accessKeyId, signature, token: target.query.get('security-token'), date, presigned: true };
}

export function stringToSignV1({ method, headers, target }: RequestHead, claim: V1Claim): string {
  const own = Object.keys(headers)
    .filter((name) => name.startsWith('x-oss-'))
    .sort()
    .map((name) => `${name}:${headers[name]!.trim()}\n`);
  const signed = target.query.pairs
    .filter(([name]) => SIGNED_QUERY.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value ? `${name}=${value}` : name));
  const resource = Buffer.from(
    `/${target.bucket === undefined ? '' : `${target.bucket}/`}${target.key ?? ''}${signed.length > 0 ? `?${signed.join('&')}` : ''}`,
  ).toString('latin1');
  const md5 = headers['content-md5'] ?? '';
  const type = headers['content-type'] ?? '';
  return `${method}\n${md5}\n${type}\n${claim.date}\n${own.join('')}${resource}`;
}

export function signV1(secret: string, text: string): string {
  return createHmac('sha1', secret).update(Buffer.from(text, 'latin1')).digest('base64');
}
