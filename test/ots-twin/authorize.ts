import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from './refusal.ts';

export interface Keys {
  accessKeyId: string;
  accessKeySecret: string;
  securityToken?: string;
}

const longestSkewMs = 15 * 60_000;

/** @throws Refusal OTSAuthFailed, in the words of the service. */
export function authorize(
  { path, headers, body }: { path: string; headers: IncomingHttpHeaders; body: Buffer },
  { instance, keys: known, now }: { instance: string; keys: readonly Keys[]; now: number },
): void {
  const value = (name: string): string => String(headers[`x-ots-${name}`] ?? '');
  const refuse = (message: string) => new Refusal(403, 'OTSAuthFailed', message);
  if (value('apiversion') !== '2015-12-31') throw new Refusal(400, 'OTSParameterInvalid', 'Invalid API version.');
  if (value('instancename') !== instance) throw refuse('The instance does not exist.');
  const keys = known.find(({ accessKeyId }) => accessKeyId === value('accesskeyid'));
  if (!keys) throw refuse('The AccessKey ID does not exist.');
  if (value('ststoken') !== (keys.securityToken ?? '')) throw refuse('The security token is invalid.');
  const date = value('date');
  if (!(Math.abs(Date.parse(date) - now) <= longestSkewMs))
    throw refuse(`Mismatch between system time and x-ots-date: ${date}.`);
  const lines = Object.keys(headers)
    .filter((name) => name.startsWith('x-ots-') && name !== 'x-ots-signature')
    .sort()
    .map((name) => `${name}:${String(headers[name])}`);
  const expected = createHmac('sha1', keys.accessKeySecret)
    .update([path, 'POST', '', ...lines, ''].join('\n'))
    .digest();
  const given = Buffer.from(value('signature'), 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw refuse('Signature mismatch.');
  if (value('contentmd5') !== createHash('md5').update(body).digest('base64'))
    throw refuse('Mismatch between MD5 value of request body and x-ots-contentmd5 in header.');
}
