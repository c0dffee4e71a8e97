import type { Call, Reply } from '../call.ts';
import { refuse } from '../errors.ts';
import type { Acl } from '../model/object.ts';
import { aclOfDocument, effectiveAcl, readAcl, renderAcl } from '../rules/acl.ts';
import { versionHeader } from '../rules/describe.ts';
import { addressedBucket, objectOf, versionAsked } from '../rules/locate.ts';
import { parseXml } from '../wire/xml.ts';

/** By header, or on S3 by a document. */
async function aclSent(call: Call, header: string): Promise<Acl> {
  const named = readAcl(call, header);
  const document = await call.body.document();
  if (named) return named;
  if (call.dialect.name === 's3' && document !== '') return aclOfDocument(parseXml(document, 'AccessControlPolicy'));
  throw refuse('InvalidArgument', { message: `The header ${header} is missing.`, fields: { ArgumentName: header } });
}

export async function getObjectAcl(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  const object = objectOf(call, bucket, call.key, versionAsked(call));
  const acl = call.dialect.name === 'oss' ? object.acl : effectiveAcl(bucket, object);
  return {
    status: 200,
    headers: versionHeader(call, bucket, object),
    xml: { root: 'AccessControlPolicy', value: renderAcl(call, acl) },
  };
}

export async function putObjectAcl(call: Call): Promise<Reply> {
  const acl = await aclSent(call, call.dialect.objectAclHeader);
  const bucket = addressedBucket(call);
  const object = objectOf(call, bucket, call.key, versionAsked(call));
  bucket.update(call.key, { ...object, acl });
  return { status: 200, headers: versionHeader(call, bucket, object) };
}

export async function getBucketAcl(call: Call): Promise<Reply> {
  const { acl } = addressedBucket(call).settings;
  return { status: 200, xml: { root: 'AccessControlPolicy', value: renderAcl(call, { canned: acl }) } };
}

export async function putBucketAcl(call: Call): Promise<Reply> {
  const { canned } = await aclSent(call, call.dialect.bucketAclHeader);
  const bucket = addressedBucket(call);
  bucket.settings.acl = canned;
  call.world.store.bucketUpdated(bucket);
  return { status: 200 };
}
