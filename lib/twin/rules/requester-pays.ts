/** Buckets whose owner lets the requester pay: a request of another user must say that it does, in a header or in the query. */
import { own, type Call } from '../call.ts';
import { refuse } from '../errors.ts';
import type { Bucket } from '../model/bucket.ts';
import { ownerOf } from './acl.ts';

/** Throws AccessDenied, as both stores answer; OSS adds its number. */
export function checkPayer(call: Call, bucket: Bucket | undefined): void {
  if (!bucket?.settings.requesterPays || call.user === ownerOf(bucket.settings)) return;
  const said = own(call, 'request-payer') ?? call.query.get(`${call.dialect.prefix}request-payer`);
  if (call.user !== undefined && said?.toLowerCase() === 'requester') return;
  throw refuse('AccessDenied', {
    ec: '0003-00000703',
    ...(call.dialect.name === 'oss' && { message: 'The bucket enabled requester pays, you should set request payer.' }),
  });
}
