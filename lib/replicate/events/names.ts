import type { Change, DropReason, ObjectEvent } from './event.ts';

export type NameKind = 'created' | 'removed' | 'marker' | Change | DropReason;

/** Event names of S3, MinIO, Ceph RGW and OSS, without their `s3:` / `oss:` start. Exact names win over families. */
const exact = new Map<string, NameKind>([
  // An OSS wildcard subscription also fires for every step of a multipart upload.
  ['ObjectCreated:InitiateMultipartUpload', 'part'],
  ['ObjectCreated:UploadPart', 'part'],
  ['ObjectCreated:UploadPartCopy', 'part'],
  ['ObjectRemoved:AbortMultipartUpload', 'part'],
  ['ObjectLifecycle:Expiration:AbortMultipartUpload', 'part'],
  ['ObjectLifecycle:Expiration:AbortMPU', 'part'],
  ['ObjectRemoved:DeleteMarkerCreated', 'marker'],
  ['LifecycleExpiration:DeleteMarkerCreated', 'marker'],
  // An archived source that was refused before can be copied now.
  ['ObjectRestore:Completed', 'created'],
  ['ObjectRestore:FinishRestore', 'created'],
  ['ObjectModified:UpdateObjectMeta', 'created'],
  ['ObjectModified:ChangeStorageClass', 'class'],
  ['ObjectLifecycle:Transition:Current', 'class'],
  // Written or removed by the vendor's own replication.
  ['ObjectReplication:ObjectCreated', 'created'],
  ['ObjectReplication:ObjectModified', 'created'],
  ['ObjectReplication:ObjectRemoved', 'removed'],
  ['ObjectSynced:Create', 'created'],
  ['ObjectSynced:Delete', 'removed'],
  ['ObjectSynced:DeletionMarkerCreated', 'marker'],
  ['TestEvent', 'test'],
]);

/** By the first word of the name. */
const families = new Map<string, NameKind>([
  ['ObjectCreated', 'created'],
  ['ObjectRemoved', 'removed'],
  ['LifecycleExpiration', 'removed'],
  ['ObjectTagging', 'tags'],
  ['ObjectAcl', 'acl'],
  ['LifecycleTransition', 'class'],
  ['IntelligentTiering', 'class'],
  ['ObjectAnnotation', 'annotations'],
]);

/** Ceph: `ObjectLifecycle:Expiration:Current`, `...:Noncurrent`, `...:DeleteMarker`. */
const cephExpiration = 'ObjectLifecycle:Expiration:';

/** What a vendor's event name means to us. An unknown name of a known vendor is `other`. */
export function kindOfName(name: string): NameKind {
  const plain = name.replace(/^(s3|oss):/, '');
  const colon = plain.indexOf(':');
  const known = exact.get(plain) ?? families.get(colon < 0 ? plain : plain.slice(0, colon));
  return known ?? (plain.startsWith(cephExpiration) ? 'removed' : 'other');
}

/** What an event of this kind asks for, or why it is dropped. */
export function stepOf(kind: NameKind): Pick<ObjectEvent, 'kind' | 'marker' | 'change'> | DropReason {
  switch (kind) {
    case 'part':
    case 'test':
    case 'other':
      return kind;
    case 'created':
    case 'removed':
      return { kind };
    case 'marker':
      return { kind: 'removed', marker: true };
    default:
      return { kind: 'changed', change: kind };
  }
}
