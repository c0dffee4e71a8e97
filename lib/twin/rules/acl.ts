/** Access control lists: canned everywhere, single grants on S3. */
import type { Call } from '../call.ts';
import { refuse } from '../errors.ts';
import type { Bucket } from '../model/bucket.ts';
import type { Acl, Grant, StoredObject } from '../model/object.ts';
import { child, children, text, type Parsed, type XmlNode } from '../wire/xml.ts';

export const OWNER = '1234567890';
const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers';

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
  'x-amz-grant-read-acp': 'READ_ACP',
  'x-amz-grant-write-acp': 'WRITE_ACP',
};

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

function grantHeaders({ headers }: Call): Grant[] {
  return Object.entries(GRANT_HEADERS).flatMap(([header, permission]) =>
    (headers[header] ?? '')
      .split(',')
      .map((entry) => /^\s*(?:id|uri)="?([^"]+)"?\s*$/.exec(entry)?.[1])
      .filter((grantee) => grantee !== undefined)
      .map((grantee) => ({ permission, grantee })),
  );
}

function grantsOf({ canned, grants }: Acl): Grant[] {
  if (grants) return grants;
  const list = [{ grantee: OWNER, permission: 'FULL_CONTROL' }];
  if (canned.startsWith('public-read')) list.push({ grantee: ALL_USERS, permission: 'READ' });
  if (canned === 'public-read-write') list.push({ grantee: ALL_USERS, permission: 'WRITE' });
  return list;
}

/** A canned name where the grants amount to one. */
export function aclOfDocument(document: Parsed): Acl {
  const grants = children(child(document, 'AccessControlList'), 'Grant').map((grant) => {
    const grantee = child(grant, 'Grantee');
    return { permission: text(grant, 'Permission') ?? '', grantee: text(grantee, 'ID') ?? text(grantee, 'URI') ?? '' };
  });
  const said = JSON.stringify(grants.map(({ grantee, permission }) => `${grantee} ${permission}`).sort());
  const canned = ['private', 'public-read', 'public-read-write'].find(
    (name) =>
      JSON.stringify(
        grantsOf({ canned: name })
          .map(({ grantee, permission }) => `${grantee} ${permission}`)
          .sort(),
      ) === said,
  );
  return canned ? { canned } : { canned: 'private', grants };
}

/** What holds for an object: its own ACL, or the bucket's. */
export function effectiveAcl(bucket: Bucket, object: StoredObject): Acl {
  return object.acl.canned === 'default' ? { canned: bucket.settings.acl } : object.acl;
}

export function publiclyReadable({ canned, grants }: Acl): boolean {
  if (grants) return grants.some(({ grantee, permission }) => grantee === ALL_USERS && permission !== 'WRITE');
  return canned.startsWith('public-read');
}

export function renderAcl(call: Call, acl: Acl): XmlNode {
  const Owner = { ID: OWNER, DisplayName: OWNER };
  if (call.dialect.name === 'oss') return { Owner, AccessControlList: { Grant: acl.canned } };
  const Grant = grantsOf(acl).map(({ grantee, permission }) => ({
    Grantee: {
      '@xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
      '@xsi:type': grantee.startsWith('http') ? 'Group' : 'CanonicalUser',
      ...(grantee.startsWith('http') ? { URI: grantee } : { ID: grantee, DisplayName: grantee }),
    },
    Permission: permission,
  }));
  return { Owner, AccessControlList: { Grant } };
}
