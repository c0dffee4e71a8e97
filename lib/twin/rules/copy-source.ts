/** The copy-source header: which object is copied, and whether it may be. */
import { own, type Call } from '../call.ts';
import { refuse } from '../errors.ts';
import type { Bucket } from '../model/bucket.ts';
import type { StoredObject } from '../model/object.ts';
import { decode } from '../wire/target.ts';
import { checkCopySource } from './conditions.ts';
import { checkCustomerKey } from './customer-key.ts';
import { bucketOf, checkReadable, objectOf } from './locate.ts';
import { checkExpectedOwner, checkObjectPermitted } from './permit.ts';
import { checkPayer } from './requester-pays.ts';

export interface CopySource {
  bucket: Bucket;
  key: string;
  object: StoredObject;
}

const CLIENT_ENCRYPTED = ['client-side-encryption-key', 'x-amz-key', 'x-amz-key-v2'];

function parse(call: Call): { bucket: string; key: string; versionId: string | undefined } {
  const part = call.operation === 'UploadPartCopy';
  const isOss = call.dialect.name === 'oss';
  const text = own(call, 'copy-source') ?? '';
  const malformed = (ec?: string): Error =>
    refuse('InvalidArgument', {
      message: 'Copy Source must mention the source bucket and key: /sourcebucket/sourcekey',
      fields: { ArgumentName: `${call.dialect.prefix}copy-source`, ArgumentValue: text },
      ...(ec && { ec }),
    });
  if (isOss && !text.startsWith('/')) throw malformed(part ? '0042-00000301' : undefined);
  const question = text.indexOf('?');
  const path = decode(question < 0 ? text : text.slice(0, question)).replace(/^\//, '');
  const point = isOss ? null : /^(arn:aws:s3:[^/]*:accesspoint\/[^/]+)\/object\/([^]+)$/.exec(path);
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1) throw malformed();
  const [named, key] = point ? [point[1] ?? '', point[2] ?? ''] : [path.slice(0, slash), path.slice(slash + 1)];
  const source = { bucket: call.world.store.bucketBehind(named) ?? named, key };
  if (question < 0) return { ...source, versionId: undefined };
  const version = /^versionId=(.*)$/.exec(text.slice(question + 1));
  if (!version) throw malformed('0016-00000304');
  if (version[1] === '') throw malformed('0016-00000305');
  return { ...source, versionId: decode(version[1]!) };
}

/** Finds the source and checks region, conditions and state. What both copy operations have in common. */
export function copySource(call: Call, destination: Bucket): CopySource {
  const { bucket: name, key, versionId } = parse(call);
  const bucket = bucketOf(call, name);
  if (call.dialect.name === 'oss' && bucket.settings.region !== destination.settings.region) {
    throw refuse('AccessDenied', {
      message: 'Target object does not reside in the same data center as source object.',
      ec: '0016-00000306',
    });
  }
  if (versionId !== undefined && bucket.version(key, versionId)?.deleteMarker) {
    throw call.dialect.name === 'oss'
      ? refuse('InvalidArgument', {
          message: 'The source of a copy request may not specifically refer to a delete marker by version id.',
          ec: '0016-00000307',
        })
      : refuse('InvalidRequest', {
          message: 'The source of a copy request may not specifically refer to a delete marker by version id.',
        });
  }
  checkPayer(call, bucket);
  checkExpectedOwner(call, bucket, 'x-amz-source-expected-bucket-owner');
  checkObjectPermitted(call.user, bucket, key, versionId, 'READ');
  const object = objectOf(call, bucket, key, versionId);
  checkCustomerKey(call, object, 'source');
  const { quirks } = call.world;
  const ignored = call.operation === 'UploadPartCopy' ? quirks.ignorePartConditions : quirks.ignoreCopyConditions;
  if (!ignored) checkCopySource(call, object);
  checkReadable(call, bucket, object);
  checkKind(call, object);
  return { bucket, key, object };
}

/** Documents disagree about appendable sources; refusing is the behaviour a client has to be ready for. */
function checkKind(call: Call, object: StoredObject): void {
  if (object.kind === 'appendable') {
    throw refuse('OperationNotSupported', { message: 'The operation is not supported for an appendable object.' });
  }
  if (call.operation !== 'UploadPartCopy' || call.dialect.name !== 'oss') return;
  if (object.kind === 'symlink') {
    throw refuse('InvalidArgument', { message: 'The copy source of a part cannot be a symlink.', ec: '0042-00000308' });
  }
  if (CLIENT_ENCRYPTED.some((name) => name in object.meta)) {
    throw refuse('InvalidArgument', {
      message: 'The copy source of a part cannot be an object encrypted by the client.',
      ec: '0042-00000309',
    });
  }
}
