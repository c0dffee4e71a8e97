import type { Found } from '../fidelity/expected.ts';
import { changeTags, sameRecord } from '../fidelity/expected.ts';
import { readTags } from '../fidelity/losses.ts';
import type { CallOptions, ObjectStore } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import type { CopyResult } from '../model/result.ts';

/** What a metadata change writes without a copy. */
export interface AttributeChange {
  tags?: Record<string, string>;
  /** Canned. */
  acl?: string;
}

/**
 * A metadata change that needs no copy: nothing differs from what the object has, or only its tags or ACL do, for which the
 * stores have calls of their own. Returns undefined when the object must be copied onto itself.
 */
export async function attributesOnly(
  store: ObjectStore,
  request: CopyRequest,
  { head, expected }: Found,
  options: CallOptions,
): Promise<AttributeChange | undefined> {
  if (needsCopy(request, { head, expected })) return undefined;
  const { acl, tags } = request.options;
  const change: AttributeChange = acl !== undefined && acl !== 'keep' ? { acl } : {};
  if (!tags) return change;
  const have = await readTags(store, request.source, head, options, tags.base === 'merge');
  const wanted = changeTags(have, tags);
  return sameRecord(have, wanted) ? change : { ...change, tags: wanted };
}

/** Writes tags and ACL, in that order, each only where it is to change. */
export async function changeAttributes(
  store: ObjectStore,
  { source }: CopyRequest,
  { head }: Found,
  { tags, acl }: AttributeChange,
  options: CallOptions,
): Promise<CopyResult> {
  if (tags) await store.putTags(source, tags, options);
  if (acl !== undefined) await store.putAcl(source, { canned: acl }, options);
  const way = tags || acl !== undefined ? 'attributes-only' : 'unchanged';
  return { way, size: head.size, etag: head.etag, versionId: head.versionId, verifiedBy: 'store', lost: [] };
}

/** Both at once. Returns undefined when the object must be copied onto itself. */
export async function metadataShortcut(
  store: ObjectStore,
  request: CopyRequest,
  found: Found,
  options: CallOptions,
): Promise<CopyResult | undefined> {
  const change = await attributesOnly(store, request, found, options);
  return change && (await changeAttributes(store, request, found, change, options));
}

/** Whether a metadata change must copy the object onto itself. */
export function needsCopy({ options: { encryption, storageClass } }: CopyRequest, { head, expected }: Found): boolean {
  return (
    expected.metadataChanged ||
    (storageClass !== undefined && storageClass !== head.storageClass) ||
    (encryption !== undefined && !sameRecord(encryption, head.encryption ?? {}))
  );
}
