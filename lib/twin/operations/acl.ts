import type { Call, Reply } from '../call.ts';
import { refuse } from '../errors.ts';
import type { Acl } from '../model/object.ts';
import type { Bucket } from '../model/bucket.ts';
import { aclOfDocument, bucketAcl, effectiveAcl, objectOwner, ownerOf, readAcl, renderAcl } from '../rules/acl.ts';
import { checkBucketName } from '../rules/bucket-name.ts';
import { versionHeader } from '../rules/describe.ts';
import { addressedBucket, objectOf, versionAsked } from '../rules/locate.ts';
import { OWNER } from '../users.ts';
import { parseXml } from '../wire/xml.ts';

/** By header, or on S3 by a document. */
async function aclSent(call: Call, header: string, owner: string): Promise<Acl> {
  const named = readAcl(call, header);
  const document = await call.body.document();
  if (named) return named;
  if (call.dialect.name === 's3' && document !== '') {
    return aclOfDocument(call, parseXml(document, 'AccessControlPolicy'), owner);
  }
  throw refuse('InvalidArgument', { message: `The header ${header} is missing.`, fields: { ArgumentName: header } });
}

export async function getObjectAcl(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  const object = objectOf(call, bucket, call.key, versionAsked(call));
  const acl = call.dialect.name === 'oss' ? object.acl : effectiveAcl(bucket, object);
  return {
    status: 200,
    headers: versionHeader(call, bucket, object),
    xml: {
      root: 'AccessControlPolicy',
      value: renderAcl(call, acl, objectOwner(bucket, object), ownerOf(bucket.settings)),
    },
  };
}

export async function putObjectAcl(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  const owner = objectOwner(bucket, objectOf(call, bucket, call.key, versionAsked(call)));
  const acl = await aclSent(call, call.dialect.objectAclHeader, owner);
  // The object may have changed while the document came in.
  const object = objectOf(call, bucket, call.key, versionAsked(call));
  bucket.update(call.key, { ...object, acl });
  return { status: 200, headers: versionHeader(call, bucket, object) };
}

export async function getBucketAcl(call: Call): Promise<Reply> {
  const { settings } = addressedBucket(call);
  const value = renderAcl(call, bucketAcl(settings), ownerOf(settings));
  return { status: 200, xml: { root: 'AccessControlPolicy', value } };
}

/** Settings of a bucket that the caller creates. */
export function ownedBy({ user }: Call): { owner?: string } {
  return user === undefined || user === OWNER ? {} : { owner: user };
}

export function setAcl(call: Call, bucket: Bucket, { canned, grants }: Acl): void {
  bucket.settings.acl = canned;
  bucket.settings.grants = grants;
  call.world.store.bucketUpdated(bucket);
}

/** OSS creates a bucket that is not there, with the ACL. */
export async function putBucketAcl(call: Call): Promise<Reply> {
  const { dialect, world, user } = call;
  const creates = dialect.name === 'oss' && user !== undefined && !world.store.bucket(call.bucket);
  const owner = creates ? user : ownerOf(addressedBucket(call).settings);
  const acl = await aclSent(call, dialect.bucketAclHeader, owner);
  if (creates && !world.store.bucket(call.bucket)) {
    checkBucketName(call);
    const region = call.hostRegion;
    world.store.createBucket({ name: call.bucket, ...(region && { region }), ...ownedBy(call) });
  }
  setAcl(call, addressedBucket(call), acl);
  return { status: 200, headers: { location: dialect.name === 'oss' ? `/${call.bucket}` : undefined } };
}
