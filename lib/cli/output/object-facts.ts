/** What is known of one object, as people read it. */
import type { ObjectHead } from '../../copy/model/object.ts';
import { formatBytes, formatCount, formatTime } from '../text/format.ts';

const headerNames: Record<keyof ObjectHead['content'], string> = {
  contentType: 'Content-Type',
  cacheControl: 'Cache-Control',
  contentDisposition: 'Content-Disposition',
  contentEncoding: 'Content-Encoding',
  contentLanguage: 'Content-Language',
  expires: 'Expires',
};

export interface Known {
  head: ObjectHead;
  /** Absent where reading them is not allowed, and so the ACL. */
  tags?: Record<string, string>;
  acl?: string;
}

/** Labels and values, in the order in which people ask. */
export function objectFacts({ head, tags, acl }: Known): [label: string, value: string][] {
  const { content, encryption, checksum, checksums = [], lock } = head;
  const others = checksums.filter((one) => one !== checksum);
  const found: [string, string | undefined][] = [
    ['size', `${formatBytes(head.size)} (${formatCount(head.size)} bytes)`],
    ['last modified', formatTime(head.lastModified)],
    ['etag', head.etag],
    ['version', head.versionId],
    ['crc-64', head.crc64],
    ...[...(checksum ? [checksum] : []), ...others].map(({ algorithm, value, fullObject }): [string, string] => [
      'checksum',
      `${algorithm} ${value}${fullObject ? '' : ' (of its parts)'}`,
    ]),
    ['kind', head.kind],
    ['class', head.storageClass + (head.archived ? ' (archived, not readable now)' : '')],
    ['encryption', encryption && [encryption.algorithm, encryption.keyId].filter(Boolean).join(' ')],
    ['encrypted by', head.clientEncrypted ? 'its writer, with a key that the store does not keep' : undefined],
    ['lock', lock?.mode && `${lock.mode} until ${lock.until ?? '?'}`],
    ['legal hold', lock?.legalHold ? 'on' : undefined],
    ['redirect', head.redirect],
    ['acl', acl ?? 'not shown: no permission'],
    ...Object.entries(headerNames).map(([name, label]): [string, string | undefined] => [
      label,
      content[name as keyof ObjectHead['content']],
    ]),
    ...Object.entries(head.userMetadata).map(([name, value]): [string, string] => [`meta ${name}`, value]),
    ['hidden meta', head.hiddenMetadata && `${head.hiddenMetadata} entries that no header can show`] as [
      string,
      string,
    ],
    ...Object.entries(tags ?? {}).map(([name, value]): [string, string] => [`tag ${name}`, value]),
    ['tags', tags ? undefined : 'not shown: no permission'],
    ...Object.entries(head.others ?? {}),
  ];
  return found.filter((fact): fact is [string, string] => Boolean(fact[1]));
}
