/** Which options of a copy a caller with restricted access may ask for. */
import { mayOpenToOthers } from '../../copy/fidelity/private-acls.ts';
import type { CopyOptions } from '../../copy/model/request.ts';

/** What a caller may ask for beyond reading and writing in its areas. */
export interface Permissions {
  /** May set an ACL that opens an object to others; absent: it may not. */
  setsPublicAcl?: boolean;
  /** Storage classes as the store spells them; absent: all. */
  storageClasses?: readonly string[];
  /** Ids of encryption keys; `*` is every key; absent: none. A key of another account would lock the owner out of the object. */
  encryptionKeys?: readonly string[];
}

/** The first option that the permissions do not allow, as a sentence's end and the setting that would allow it. */
export function forbiddenOption(
  { setsPublicAcl, storageClasses, encryptionKeys = [] }: Permissions,
  { acl, storageClass, encryption }: Partial<CopyOptions>,
): { what: string; setting: string } | undefined {
  if (!setsPublicAcl && mayOpenToOthers(acl)) {
    return { what: `set the ACL "${acl}", which can open objects to others`, setting: 'setsPublicAcl: true' };
  }
  if (storageClass !== undefined && storageClasses && !storageClasses.includes(storageClass)) {
    const allowed = storageClasses.length > 0 ? `only ${storageClasses.join(', ')}` : 'none';
    return {
      what: `set the storage class "${storageClass}" (${allowed})`,
      setting: `storageClasses: [${storageClass}]`,
    };
  }
  const key = encryption?.keyId;
  if (key !== undefined && !encryptionKeys.includes('*') && !encryptionKeys.includes(key)) {
    return { what: `encrypt with the key "${key}"`, setting: `encryptionKeys: [${key}]` };
  }
  return undefined;
}
