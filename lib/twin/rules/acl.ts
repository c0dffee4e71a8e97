/** Access control lists: canned everywhere, single grants on S3. */
import type { Call } from '../call.ts';
import { refuse } from '../errors.ts';
import type { Bucket, BucketSettings } from '../model/bucket.ts';
import type { Acl, Grant, StoredObject } from '../model/object.ts';
import { OWNER } from '../users.ts';
import { child, children, text, type Parsed, type XmlNode } from '../wire/xml.ts';

const GROUPS = 'http://acs.amazonaws.com/groups/';
export const ALL_USERS = `${GROUPS}global/AllUsers`;
export const AUTHENTICATED_USERS = `${GROUPS}global/AuthenticatedUsers`;
const KNOWN_GROUPS = [ALL_USERS, AUTHENTICATED_USERS, `${GROUPS}s3/LogDelivery`];

const CANNED = {
  oss: ['default', 'private', 'public-read', 'public-read-write'],
  s3: [
    'private',
    'public-read',
    'public-read-write',
    'authenticated-read',
    'aws-exec-read',
    'bucket-owner-read',
    'bucket-owner-full-control',
  ],
};

const GRANT_HEADERS: Record<string, string> = {
  'x-amz-grant-full-control': 'FULL_CONTROL',
  'x-amz-grant-read': 'READ',
  'x-amz-grant-write': 'WRITE',
  'x-amz-grant-read-acp': 'READ_ACP',
  'x-amz-grant-write-acp': 'WRITE_ACP',
};
const PERMISSIONS = Object.values(GRANT_HEADERS);

/** The ACL named by headers; undefined when there is none. */
export function readAcl(call: Call, header: string): Acl | undefined {
  const canned = call.headers[header];
  const grants = call.dialect.name === 's3' ? grantHeaders(call) : [];
  if (canned && grants.length > 0) {
    throw refuse('InvalidRequest', { message: 'Specifying both Canned ACLs and Header Grants is not allowed' });
  }
  if (grants.length > 0) return { canned: 'private', grants };
  if (!canned) return undefined;
  if (!CANNED[call.dialect.name].includes(canned)) {
    throw refuse('InvalidArgument', { fields: { ArgumentName: header, ArgumentValue: canned } });
  }
  return { canned };
}

function grantHeaders(call: Call): Grant[] {
  return Object.entries(GRANT_HEADERS).flatMap(([header, permission]) => {
    const entries = (call.headers[header] ?? '').split(',').filter((entry) => entry.trim() !== '');
    return entries.map((entry) => {
      const found = /^\s*(id|uri|emailAddress)="?([^"]+)"?\s*$/i.exec(entry);
      if (!found) throw refuse('InvalidArgument', { fields: { ArgumentName: header, ArgumentValue: entry } });
      return { permission, grantee: grantee(call, found[1]!.toLowerCase(), found[2]!.trim()) };
    });
  });
}

/** The id or URI, after the checks that the store makes on it. The twin knows no addresses of its users. */
function grantee(call: Call, kind: string, name: string): string {
  const fields = { ArgumentName: 'CanonicalUser/ID', ArgumentValue: name };
  if (kind === 'uri') {
    if (KNOWN_GROUPS.includes(name)) return name;
    throw refuse('InvalidArgument', { message: 'Invalid group uri', fields: { ...fields, ArgumentName: 'Group/URI' } });
  }
  if (kind !== 'id') throw refuse('UnresolvableGrantByEmailAddress');
  if (call.world.users.has(name)) return name;
  throw refuse('InvalidArgument', { message: 'Invalid id', fields });
}

/** Every grant an ACL makes, the owner's first. A canned one names the owner of the object and, for some, of the bucket. */
export function grantsOf({ canned, grants }: Acl, owner: string, bucketOwner = owner): Grant[] {
  if (grants) return grants;
  const list = [{ grantee: owner, permission: 'FULL_CONTROL' }];
  if (canned.startsWith('public-read')) list.push({ grantee: ALL_USERS, permission: 'READ' });
  if (canned === 'public-read-write') list.push({ grantee: ALL_USERS, permission: 'WRITE' });
  if (canned === 'authenticated-read') list.push({ grantee: AUTHENTICATED_USERS, permission: 'READ' });
  if (bucketOwner === owner) return list;
  if (canned === 'bucket-owner-read') list.push({ grantee: bucketOwner, permission: 'READ' });
  if (canned === 'bucket-owner-full-control') list.push({ grantee: bucketOwner, permission: 'FULL_CONTROL' });
  return list;
}

const said = (grants: readonly Grant[]): string =>
  JSON.stringify(grants.map(({ grantee, permission }) => `${grantee} ${permission}`).sort());

/** A canned name where the grants amount to one. Throws on a grantee or permission that the store does not know. */
export function aclOfDocument(call: Call, document: Parsed, owner: string): Acl {
  const grants = children(child(document, 'AccessControlList'), 'Grant').map((grant) => {
    const its = child(grant, 'Grantee');
    const permission = text(grant, 'Permission') ?? '';
    const [id, uri] = [text(its, 'ID'), text(its, 'URI')];
    if (!PERMISSIONS.includes(permission)) throw refuse('MalformedXML');
    const kind = id !== undefined ? 'id' : uri !== undefined ? 'uri' : 'emailaddress';
    return { permission, grantee: grantee(call, kind, id ?? uri ?? '') };
  });
  const canned = ['private', 'public-read', 'public-read-write', 'authenticated-read'].find(
    (name) => said(grantsOf({ canned: name }, owner)) === said(grants),
  );
  return canned ? { canned } : { canned: 'private', grants };
}

export function ownerOf({ owner }: BucketSettings): string {
  return owner ?? OWNER;
}

/** '' for an object that was written without a signature. */
export function objectOwner(bucket: Bucket, object: StoredObject): string {
  return object.owner ?? ownerOf(bucket.settings);
}

export function bucketAcl({ acl, grants }: BucketSettings): Acl {
  return { canned: acl, ...(grants && { grants }) };
}

/** What holds for an object: its own ACL, or the bucket's. */
export function effectiveAcl(bucket: Bucket, object: StoredObject): Acl {
  return object.acl.canned === 'default' ? bucketAcl(bucket.settings) : object.acl;
}

export function renderAcl(call: Call, acl: Acl, owner: string, bucketOwner = owner): XmlNode {
  const { users } = call.world;
  const Owner = users.described(owner);
  if (call.dialect.name === 'oss') return { Owner, AccessControlList: { Grant: acl.canned } };
  const Grant = grantsOf(acl, owner, bucketOwner).map(({ grantee, permission }) => ({
    Grantee: {
      '@xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
      '@xsi:type': grantee.startsWith('http') ? 'Group' : 'CanonicalUser',
      ...(grantee.startsWith('http') ? { URI: grantee } : users.described(grantee)),
    },
    Permission: permission,
  }));
  return { Owner, AccessControlList: { Grant } };
}
