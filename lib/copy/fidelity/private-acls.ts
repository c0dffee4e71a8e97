/**
 * Values of `acl` that open an object to no account but its owner's and the bucket owner's. A list of what is private, and not of
 * what is public: stores have canned names of their own (`authenticated-read` is every account of the vendor).
 */
const privateAcls: readonly string[] = ['keep', 'default', 'private', 'bucket-owner-read', 'bucket-owner-full-control'];

/** Whether an `acl` option may open an object to others; `keep` carries what the source's owner has chosen. */
export function mayOpenToOthers(acl: string | undefined): boolean {
  return acl !== undefined && !privateAcls.includes(acl);
}
