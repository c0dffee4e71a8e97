import type { Decision } from './decide.ts';
import { wantedAcl } from './fidelity/acl.ts';
import type { ObjectStore } from './model/ports.ts';
import type { CopyRequest } from './model/request.ts';
import { overwriteOf } from './plan/overwrite.ts';

/** Where the two vendors call one action differently: RAM on OSS, IAM on S3. */
const namesOnS3: Record<string, string> = { ListParts: 'ListMultipartUploadParts', ListObjects: 'ListBucket' };

/**
 * Actions that the caller's policy must allow, as `s3:GetObject on BUCKET`. To be told that an object is missing takes the right
 * to list its bucket: without it the stores answer HEAD with 403.
 */
export function permissionsFor(store: ObjectStore, request: CopyRequest, decision: Decision): string[] {
  const { scheme } = store.facts;
  const { bucket: from } = request.source;
  const { bucket: to } = request.destination;
  const { head, expected } = decision.found;
  const named = new Set<string>();
  const need = (bucket: string, ...actions: string[]): void => {
    for (const action of actions)
      named.add(`${scheme}:${(scheme === 's3' && namesOnS3[action]) || action} on ${bucket}`);
  };
  need(from, 'GetObject');
  need(to, 'PutObject', 'GetObject', 'AbortMultipartUpload', 'ListParts');
  if (request.mode !== 'metadata' && overwriteOf(request) !== 'always') need(to, 'ListObjects');
  if (request.source.versionId !== undefined) need(from, 'GetObjectVersion');
  if ((head.tagCount ?? 0) > 0 || request.options.tags) {
    need(from, 'GetObjectTagging');
    need(to, 'GetObjectTagging', 'PutObjectTagging');
  }
  const acl = wantedAcl(request);
  if (acl === 'keep') need(from, 'GetObjectAcl');
  if (acl !== 'default') need(to, 'PutObjectAcl');
  if (expected.lock) {
    if (expected.lock.mode !== undefined || expected.lock.eventHold) need(to, 'PutObjectRetention');
    if (expected.lock.legalHold) need(to, 'PutObjectLegalHold');
    need(to, 'GetBucketObjectLockConfiguration');
  }
  if (decision.way === 'parts' && store.listAnnotations) {
    need(from, 'ListObjectAnnotations');
    if (decision.input.annotations.count > 0) {
      need(from, 'GetObjectAnnotation');
      need(to, 'ListObjectAnnotations', 'PutObjectAnnotation');
    }
  }
  if (request.mode === 'rename') need(from, 'DeleteObject');
  if (head.archived) need(from, 'RestoreObject');
  return [...named];
}
