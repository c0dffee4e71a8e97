import type { Acl } from '../../copy/model/object.ts';
import type { Element } from '../wire/xml.ts';
import { readXml } from '../wire/xml.ts';

const groups = 'http://acs.amazonaws.com/groups/global/';

/** What grants to users besides the owner's own amount to. */
const canned: Record<string, string> = {
  '': 'private',
  'AllUsers:READ': 'public-read',
  'AllUsers:READ AllUsers:WRITE': 'public-read-write',
  'AuthenticatedUsers:READ': 'authenticated-read',
};

/**
 * Reads an `AccessControlPolicy`. OSS names a canned ACL in it; S3 lists grants, which are given back as the document
 * where no canned ACL says the same.
 */
export function readAcl(document: string, scheme: 'oss' | 's3'): Acl {
  const policy = readXml(document, 'AccessControlPolicy');
  const list = policy.child('AccessControlList');
  if (scheme === 'oss') return { canned: list.need('Grant').trim() };
  const owner = policy.child('Owner').text('ID');
  const others = list
    .list('Grant')
    .filter((grant) => !isOwners(grant, owner))
    .map((grant) => `${granteeName(grant)}:${grant.text('Permission') ?? ''}`)
    .sort();
  const name = canned[others.join(' ')];
  return name === undefined ? { document } : { canned: name };
}

function isOwners(grant: Element, owner: string | undefined): boolean {
  return (
    grant.text('Permission') === 'FULL_CONTROL' && grant.child('Grantee').text('ID') === owner && owner !== undefined
  );
}

function granteeName(grant: Element): string {
  const grantee = grant.child('Grantee');
  return grantee.text('URI')?.replace(groups, '') ?? `user ${grantee.text('ID') ?? '?'}`;
}
