import { customerKeyAdvice, describe } from '../../copy/model/object.ts';
import type { Dialect, Meaning } from '../dialects/dialect.ts';
import { operations } from '../wire/operations.ts';
import type { CallSubject, Failure } from './answer.ts';

/** One line for people: which call on which object, what happened, what to do, and the store's own words at the end. */
export function advise(
  meaning: Meaning,
  failure: Failure,
  subject: CallSubject,
  dialect: Dialect,
  region: string,
): string {
  const words = sentence(meaning, failure, subject, dialect, region);
  return `${nameCall(subject, dialect)}: ${words} [${theirWords(failure)}]`;
}

/** `UploadPartCopy of oss://a/x to oss://b/y`. */
export function nameCall(subject: CallSubject, dialect: Pick<Dialect, 'scheme'>): string {
  const { operation, bucket, key, versionId, source } = subject;
  if (bucket === undefined) return operation;
  const target = key === undefined ? `${dialect.scheme}://${bucket}` : describe(dialect, { bucket, key, versionId });
  return source ? `${operation} of ${describe(dialect, source)} to ${target}` : `${operation} of ${target}`;
}

function sentence(meaning: Meaning, failure: Failure, subject: CallSubject, dialect: Dialect, region: string): string {
  switch (meaning) {
    case 'throttled':
      return 'the store says we are too fast; it is tried again later, more slowly.';
    case 'busy':
      return 'the store cannot do it right now; it is tried again later.';
    case 'unsure':
      return 'the store failed on the way, and whether the call took effect is unknown; look before repeating it.';
    case 'clock':
      return "this machine's clock is more than 15 minutes off and correcting for it did not help; set the clock.";
    case 'token':
      return 'the session token is expired or not valid; renew the credentials.';
    case 'precondition':
      return 'the object is no longer the version that was read before; it was changed or replaced in between.';
    case 'range':
      return 'the range lies outside the object; it is another size than it was.';
    case 'AccessDenied':
      return notAllowed(failure, subject, dialect);
    case 'Archived':
      return 'the object is archived; restore it, wait until it is readable, and try again.';
    case 'ClientEncrypted':
      return encrypted(failure, dialect);
    case 'CrossRegion':
      if (dialect.crossRegionAdvice)
        return `source and destination are in different regions; ${dialect.crossRegionAdvice}`;
      return `source and destination must be in one region, and bucket ${subject.source?.bucket ?? subject.bucket} is not in ${region}. Use a destination bucket in the source's region, or the store's own cross-region replication.`;
    case 'DestinationExists':
      return 'there is an object already, and overwriting is not allowed here.';
    case 'Immutable':
      return 'a retention policy protects the object; wait until it ends or choose another destination.';
    case 'InvalidCredentials':
      return 'the store does not accept the credentials; check key id, secret and session token.';
    case 'KeyTooLong':
      return 'the key is longer than the store allows; choose a shorter one.';
    case 'NoSuchBucket':
      return 'there is no such bucket here; check its name, the region and the endpoint.';
    case 'NoSuchUpload':
      return 'the multipart upload is gone: completed, aborted or never there.';
    case 'NotAppendableCopy':
      return 'the store does not copy appendable objects; write the data to a normal object first.';
    case 'NotFound':
      return 'there is no such object (or version); check the key, letter case included.';
    case 'PublicEndpointForbidden':
      return 'this account may not use the public endpoint for data in this region; use the internal endpoint from inside the region, or a custom domain (CNAME) bound to the bucket.';
    case 'SameObject':
      return 'source and destination are the same object.';
    case 'SymlinkSource':
      return 'the source is a symbolic link; copy its target instead.';
    case 'TooLarge':
      return 'the object is too large for one call; copy it by parts.';
    case 'Unsupported':
      return 'the store does not support this call or one of its options.';
    case 'WrongEndpoint':
      return `the bucket cannot be reached this way. ${wayOut(failure, dialect, region)}`;
    case 'BadRequest':
      if (failure.status === 400 && subject.operation === 'HeadObject' && failure.code === undefined) {
        return `the store refuses to say anything about the object. ${unsaid(failure)}`;
      }
      return 'the store refused the request; see its own words.';
    default:
      return 'the store refused the request; see its own words.';
  }
}

const payer = '--request-payer requester (requestPayer: requester in the API, and of the store in ferry.yaml)';

function encrypted({ customerKeys = [] }: Failure, { headers }: Dialect): string {
  if (!headers.customerKey)
    return 'the object is encrypted with a key of the client; the store cannot copy it by itself.';
  if (customerKeys.length === 0)
    return `the object is encrypted with a key of the customer (SSE-C), which cannot be copied without it. ${customerKeyAdvice}`;
  return `the store does not take the key that was sent (${customerKeys.join(', ')}): the object is encrypted with another one, or with none of the customer.`;
}

/** S3 answers HEAD with the status alone. */
function unsaid({ customerKeys = [] }: Failure): string {
  if (customerKeys.length === 0)
    return `S3 does so for objects encrypted with a key of the customer (SSE-C), which cannot be copied without it. ${customerKeyAdvice}`;
  return (
    `S3 does so for objects that are not encrypted with a key of the customer, when one is sent (${customerKeys.join(', ')}). ` +
    'Leave the key out for this object (key: none in customerKeys).'
  );
}

/** S3 does not tell why; OSS numbers the reason. */
function notAllowed(failure: Failure, { operation, bucket }: CallSubject, { scheme, meanings }: Dialect): string {
  const { ec, saidPayer, customerKeys = [] } = failure;
  if (ec !== undefined && ec === meanings.payerNumber && !saidPayer)
    return `the owner of the bucket lets the requester pay. If you will, say so: ${payer}.`;
  if (customerKeys.length > 0)
    return (
      `not allowed. Either the key that was sent (${customerKeys.join(', ')}) is not the one that encrypts the object, or the ` +
      `credentials lack ${operations[operation].actions[scheme]}; check the key, and the policies of both user and bucket.`
    );
  const needs = `not allowed. The credentials need ${operations[operation].actions[scheme]}; check the policies of both user and bucket.`;
  const mayBePayer = bucket !== undefined && meanings.payerNumber === undefined && !saidPayer;
  return mayBePayer ? `${needs} If its owner lets the requester pay, add ${payer}.` : needs;
}

function wayOut({ elsewhere, region: told }: Failure, { endpoints, scheme }: Dialect, region: string): string {
  if (told) {
    return `The store says that it is in ${told}, and ${region} was asked. Give --region ${told}, and an endpoint that leads there or none.`;
  }
  if (!elsewhere) return `Check endpoint, region (now ${region}) and addressing style.`;
  const host = elsewhere.replace(/^[a-z]+:\/\//i, '').replace(/[:/].*$/, '');
  if (endpoints.vendor.test(host)) return `Use ${elsewhere} as endpoint.`;
  const vendor = scheme === 'oss' ? 'Alibaba Cloud' : 'Amazon';
  return `The store names ${elsewhere} instead. That is no host of ${vendor}, so the credentials were not sent there; give it as --endpoint-url if it is the right one.`;
}

function theirWords(failure: Failure): string {
  const { status, code, ec, requestId, message } = failure;
  // eslint-disable-next-line no-control-regex
  const clean = message?.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 300);
  return [String(status), code, ec, clean && `"${clean}"`, requestId && `request ${requestId}`]
    .filter(Boolean)
    .join(' ');
}
