import type { Found } from '../fidelity/expected.ts';
import { changeTags, sameRecord } from '../fidelity/expected.ts';
import { readTags } from '../fidelity/losses.ts';
import type { CallOptions, ObjectStore } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import type { CopyResult } from '../model/result.ts';

/**
 * A metadata change that needs no copy: nothing differs from what the object has, or only its tags or ACL do, for which the
 * stores have calls of their own. Returns undefined when the object must be copied onto itself.
 */
export async function metadataShortcut(
  store: ObjectStore,
  request: CopyRequest,
  { head, expected }: Found,
  options: CallOptions,
): Promise<CopyResult | undefined> {
  if (needsCopy(request, { head, expected })) return undefined;
  const { acl, tags } = request.options;
  let way: CopyResult['way'] = 'unchanged';
  if (tags) {
    const have = await readTags(store, request.source, head, options, tags.base === 'merge');
    const wanted = changeTags(have, tags);
    if (!sameRecord(have, wanted)) {
      await store.putTags(request.source, wanted, options);
      way = 'attributes-only';
    }
  }
  if (acl !== undefined && acl !== 'keep') {
    await store.putAcl(request.source, { canned: acl }, options);
    way = 'attributes-only';
  }
  return { way, size: head.size, etag: head.etag, versionId: head.versionId, verifiedBy: 'store', lost: [] };
}

/** Whether a metadata change must copy the object onto itself. */
export function needsCopy({ options: { encryption, storageClass } }: CopyRequest, { head, expected }: Found): boolean {
  return (
    expected.metadataChanged ||
    (storageClass !== undefined && storageClass !== head.storageClass) ||
    (encryption !== undefined && !sameRecord(encryption, head.encryption ?? {}))
  );
}
