import { isoDate, own, type Call, type Reply } from '../call.ts';
import { inward, outward } from '../dialect.ts';
import { refuse } from '../errors.ts';
import type { BucketSettings } from '../model/bucket.ts';
import { ownerOf, readAcl } from '../rules/acl.ts';
import { checkBucketName } from '../rules/bucket-name.ts';
import { addressedBucket, bucketOf } from '../rules/locate.ts';
import { parseXml, text, type XmlNode } from '../wire/xml.ts';
import { ownedBy, setAcl } from './acl.ts';

function endpoints({ region }: BucketSettings): XmlNode {
  return {
    ExtranetEndpoint: `oss-${region}.aliyuncs.com`,
    IntranetEndpoint: `oss-${region}-internal.aliyuncs.com`,
  };
}

function location(call: Call, { region }: BucketSettings): string {
  return call.dialect.locationPrefix + region;
}

function numberAsked(call: Call, ...names: string[]): number | undefined {
  const said = names.map((name) => call.query.get(name)).find((value) => value);
  return said === undefined ? undefined : Number(said);
}

export async function listBuckets(call: Call): Promise<Reply> {
  const prefix = call.query.get('prefix') ?? '';
  const marker = call.query.get('marker') || call.query.get('continuation-token') || '';
  const limit = numberAsked(call, 'max-keys', 'max-buckets') ?? 1000;
  const own = call.world.store.buckets().filter(({ settings }) => ownerOf(settings) === call.user);
  const all = own.filter(({ settings: { name } }) => name.startsWith(prefix) && name > marker);
  const page = all.slice(0, limit);
  const truncated = all.length > page.length;
  const isOss = call.dialect.name === 'oss';
  const Bucket = page.map(({ settings }) => ({
    Name: settings.name,
    CreationDate: isoDate(settings.created),
    ...(isOss
      ? {
          Location: location(call, settings),
          Region: settings.region,
          StorageClass: outward(call.dialect.classes, settings.storageClass),
          ...endpoints(settings),
        }
      : { BucketRegion: settings.region }),
  }));
  const next = truncated ? page.at(-1)?.settings.name : undefined;
  return {
    status: 200,
    xml: {
      root: 'ListAllMyBucketsResult',
      value: {
        ...(isOss
          ? { Prefix: prefix, Marker: marker, MaxKeys: limit, IsTruncated: truncated, NextMarker: next }
          : { ContinuationToken: next }),
        Owner: call.world.users.described(call.user!),
        Buckets: { Bucket },
      },
    },
  };
}

/** What the document of a CreateBucket asks for: the region on S3, the default class on OSS. */
async function asked(call: Call): Promise<Partial<BucketSettings>> {
  const document = await call.body.document();
  const configuration = document === '' ? undefined : parseXml(document, 'CreateBucketConfiguration');
  const region = text(configuration, 'LocationConstraint')?.replace(/^oss-/, '') || call.hostRegion;
  const storageClass = text(configuration, 'StorageClass');
  const acl = readAcl(call, call.dialect.bucketAclHeader);
  const locks = call.dialect.name === 's3' && own(call, 'bucket-object-lock-enabled')?.toLowerCase() === 'true';
  return {
    ...(locks && { objectLock: true, versioning: 'Enabled' as const }),
    ...(region && { region }),
    ...(storageClass && { storageClass: inward(call.dialect.classes, storageClass) }),
    ...(acl && { acl: acl.canned, grants: acl.grants }),
    ...ownedBy(call),
  };
}

export async function createBucket(call: Call): Promise<Reply> {
  const fields = { BucketName: call.bucket };
  checkBucketName(call);
  const settings = await asked(call);
  const existing = call.world.store.bucket(call.bucket);
  if (!existing) call.world.store.createBucket({ name: call.bucket, ...settings });
  else if (ownerOf(existing.settings) !== call.user) throw refuse('BucketAlreadyExists', { fields });
  else if (call.dialect.name === 's3') {
    if (existing.settings.region !== 'us-east-1') throw refuse('BucketAlreadyOwnedByYou', { fields });
    // Amazon's first region answers 200 and puts the ACL back to what the request says, or to private.
    setAcl(call, existing, { canned: settings.acl ?? 'private', grants: settings.grants });
  }
  return { status: 200, headers: { location: `/${call.bucket}` } };
}

export async function headBucket(call: Call): Promise<Reply> {
  const { settings } = addressedBucket(call);
  return { status: 200, headers: { [`${call.dialect.prefix}bucket-region`]: settings.region } };
}

export async function deleteBucket(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  if (!bucket.empty) throw refuse('BucketNotEmpty', { fields: { BucketName: call.bucket } });
  call.world.store.removeBucket(call.bucket);
  return { status: 204 };
}

/** Answered by every endpoint: it is how clients find out which one to use. */
export async function getBucketLocation(call: Call): Promise<Reply> {
  const { settings } = bucketOf(call);
  const value = call.dialect.name === 's3' && settings.region === 'us-east-1' ? '' : location(call, settings);
  return { status: 200, xml: { root: 'LocationConstraint', value } };
}

export async function getBucketInfo(call: Call): Promise<Reply> {
  const { settings } = bucketOf(call);
  const { encryption } = settings;
  const rule = encryption && {
    SSEAlgorithm: outward(call.dialect.encryptions, encryption.algorithm),
    KMSMasterKeyID: encryption.keyId,
  };
  const Bucket = {
    Name: settings.name,
    CreationDate: isoDate(settings.created),
    Location: location(call, settings),
    ...endpoints(settings),
    StorageClass: outward(call.dialect.classes, settings.storageClass),
    DataRedundancyType: 'LRS',
    TransferAcceleration: 'Disabled',
    HierarchicalNamespace: 'Disabled',
    Versioning: settings.versioning,
    AccessControlList: { Grant: settings.acl },
    ServerSideEncryptionRule: rule ?? { SSEAlgorithm: 'None' },
    BlockPublicAccess: false,
    Owner: call.world.users.described(ownerOf(settings)),
  };
  return { status: 200, xml: { root: 'BucketInfo', value: { Bucket } } };
}

export async function getBucketVersioning(call: Call): Promise<Reply> {
  const { versioning } = addressedBucket(call).settings;
  return { status: 200, xml: { root: 'VersioningConfiguration', value: { Status: versioning } } };
}

export async function putBucketVersioning(call: Call): Promise<Reply> {
  const Status = text(parseXml(await call.body.document(), 'VersioningConfiguration'), 'Status');
  if (Status !== 'Enabled' && Status !== 'Suspended') throw refuse('MalformedXML');
  const bucket = addressedBucket(call);
  if (bucket.settings.objectLock && Status === 'Suspended') throw refuse('InvalidBucketState');
  bucket.settings.versioning = Status;
  call.world.store.bucketUpdated(bucket);
  return { status: 200 };
}

export async function getObjectLockConfiguration(call: Call): Promise<Reply> {
  if (!addressedBucket(call).settings.objectLock) throw refuse('ObjectLockConfigurationNotFoundError');
  return { status: 200, xml: { root: 'ObjectLockConfiguration', value: { ObjectLockEnabled: 'Enabled' } } };
}
