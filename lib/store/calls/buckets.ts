import { GiveUp } from '../../copy/model/errors.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import { nameCall } from '../answers/error-text.ts';
import type { Call } from '../http/call.ts';
import type { Caller } from '../http/caller.ts';
import { perform } from '../http/retry.ts';
import type { Element } from '../wire/xml.ts';
import { IncompleteAnswer, readAnyXml, readXml, writeXml } from '../wire/xml.ts';
import { bucketRegion, plainRegion } from './bucket-region.ts';
import type { BucketEntry, BucketInfo, StoreClient, Versioning } from './client.ts';

type BucketCalls = Pick<
  StoreClient,
  | 'createBucket'
  | 'deleteBucket'
  | 'headBucket'
  | 'bucketRegion'
  | 'bucketInfo'
  | 'listBuckets'
  | 'versioning'
  | 'setVersioning'
>;

export function bucketCalls(caller: Caller): BucketCalls {
  return {
    createBucket: (bucket, options) => createBucket(caller, bucket, options),
    deleteBucket: (bucket, options) => deleteBucket(caller, bucket, options),
    headBucket: (bucket, options) => headBucket(caller, bucket, options),
    bucketRegion: (bucket, options) => bucketRegion(caller, bucket, options),
    bucketInfo: (bucket, options) => bucketInfo(caller, bucket, options),
    listBuckets: (options) => listBuckets(caller, options),
    versioning: (bucket, options) => versioning(caller, bucket, options),
    setVersioning: (bucket, state, options) => setVersioning(caller, bucket, state, options),
  };
}

async function createBucket(
  caller: Caller,
  bucket: string,
  options: CallOptions & { acl?: string } = {},
): Promise<void> {
  const { dialect, routes } = caller;
  const { region } = routes.home.addressing;
  const call: Call = {
    operation: 'CreateBucket',
    method: 'PUT',
    bucket,
    headers: { [dialect.headers.prefix + dialect.headers.bucketAcl]: options.acl },
    // Only S3 has a region outside which a bucket must name its own.
    ...(dialect.defaultRegion === undefined || region === dialect.defaultRegion
      ? {}
      : { body: writeXml('CreateBucketConfiguration', [['LocationConstraint', region]]) }),
  };
  try {
    await perform(caller, call, options, () => undefined);
  } catch (error) {
    if (!(error instanceof GiveUp) || error.answer?.code !== 'BucketAlreadyOwnedByYou') throw error;
  }
}

async function deleteBucket(caller: Caller, bucket: string, options?: CallOptions): Promise<void> {
  await perform(caller, { operation: 'DeleteBucket', method: 'DELETE', bucket }, options, () => undefined);
  caller.knownBuckets.delete(bucket);
}

/** OSS has no HEAD of a bucket; its ACL is what its SDKs ask for instead. */
export async function headBucket(caller: Caller, bucket: string, options?: CallOptions): Promise<void> {
  const call: Call = caller.dialect.headHidesBucket
    ? { operation: 'HeadBucket', method: 'HEAD', bucket }
    : { operation: 'HeadBucket', method: 'GET', bucket, query: [['acl', undefined]] };
  await perform(caller, call, options, () => undefined);
}

async function bucketInfo(caller: Caller, bucket: string, options?: CallOptions): Promise<BucketInfo> {
  const call: Call = { operation: 'GetBucketInfo', method: 'GET', bucket, query: [['bucketInfo', undefined]] };
  if (caller.dialect.scheme !== 'oss')
    throw new GiveUp('Unsupported', `${nameCall(call, caller.dialect)}: only OSS has this call.`);
  return perform(caller, call, options, (answer) => {
    const info = readXml(answer.body, 'BucketInfo').child('Bucket');
    const rule = info.child('ServerSideEncryptionRule');
    const algorithm = rule.text('SSEAlgorithm');
    const keyId = rule.text('KMSMasterKeyID');
    return {
      region: plainRegion(info.need('Location').trim()),
      versioning: versioningOf(info.text('Versioning')),
      hierarchicalNamespace: info.text('HierarchicalNamespace')?.toLowerCase() === 'enabled',
      storageClass: info.text('StorageClass'),
      redundancy: info.text('DataRedundancyType'),
      extranetEndpoint: info.text('ExtranetEndpoint'),
      intranetEndpoint: info.text('IntranetEndpoint'),
      ...(algorithm && algorithm !== 'None' ? { encryption: { algorithm, ...(keyId ? { keyId } : {}) } } : {}),
    };
  });
}

/** All of them: OSS gives 100 at a time unless asked for more. */
async function listBuckets(caller: Caller, options?: CallOptions): Promise<BucketEntry[]> {
  const found: BucketEntry[] = [];
  let marker: string | undefined;
  do {
    const page: BucketsPage = await listBucketsPage(caller, marker, options);
    found.push(...page.buckets);
    marker = page.next;
  } while (marker !== undefined);
  return found;
}

interface BucketsPage {
  buckets: BucketEntry[];
  next?: string;
}

function listBucketsPage(caller: Caller, marker: string | undefined, options?: CallOptions): Promise<BucketsPage> {
  const query = caller.dialect.scheme === 'oss' ? ossPage(marker) : [];
  const call: Call = { operation: 'ListBuckets', method: 'GET', query };
  return perform(caller, call, options, (answer) => {
    const list = readXml(answer.body, 'ListAllMyBucketsResult');
    const buckets = list.child('Buckets').list('Bucket').map(bucketEntry);
    if (!list.flag('IsTruncated')) return { buckets };
    const next = list.text('NextMarker') || (buckets.at(-1)?.name ?? list.need('NextMarker'));
    if (next === marker) throw new IncompleteAnswer('the list of buckets does not advance');
    return { buckets, next };
  });
}

function ossPage(marker: string | undefined): [string, string][] {
  return [['max-keys', '1000'], ...(marker === undefined ? [] : [['marker', marker] as [string, string]])];
}

function bucketEntry(entry: Element): BucketEntry {
  const region = entry.text('Location') ?? entry.text('BucketRegion');
  return {
    name: entry.need('Name'),
    ...(region ? { region: plainRegion(region) } : {}),
    ...(entry.text('CreationDate') ? { created: entry.time('CreationDate') } : {}),
  };
}

async function versioning(caller: Caller, bucket: string, options?: CallOptions): Promise<Versioning> {
  const call: Call = { operation: 'GetBucketVersioning', method: 'GET', bucket, query: [['versioning', undefined]] };
  return perform(caller, call, options, (answer) =>
    versioningOf(readXml(answer.body, 'VersioningConfiguration').text('Status')),
  );
}

async function setVersioning(
  caller: Caller,
  bucket: string,
  state: 'enabled' | 'suspended',
  options?: CallOptions,
): Promise<void> {
  const status = state === 'enabled' ? 'Enabled' : 'Suspended';
  const call: Call = {
    operation: 'PutBucketVersioning',
    method: 'PUT',
    bucket,
    query: [['versioning', undefined]],
    body: writeXml('VersioningConfiguration', [['Status', status]]),
  };
  await perform(caller, call, options, () => undefined);
}

function versioningOf(status: string | undefined): Versioning {
  switch (status?.trim()) {
    case 'Enabled':
      return 'enabled';
    case 'Suspended':
      return 'suspended';
    default:
      return 'off';
  }
}

/** Whether writes to the bucket may set an object lock. Undefined where the policy or the store does not let us know. */
export async function takesLocks(caller: Caller, bucket: string, options?: CallOptions): Promise<boolean | undefined> {
  const query = [['object-lock', undefined]] as const;
  const call: Call = { operation: 'GetObjectLockConfiguration', method: 'GET', bucket, query };
  try {
    return await perform(caller, call, options, ({ body }) => {
      const document = readAnyXml(body);
      if (document?.name !== 'ObjectLockConfiguration') return undefined;
      return document.element.text('ObjectLockEnabled')?.trim() === 'Enabled';
    });
  } catch (error) {
    if (!(error instanceof GiveUp)) throw error;
    return error.answer?.code === 'ObjectLockConfigurationNotFoundError' ? false : undefined;
  }
}
