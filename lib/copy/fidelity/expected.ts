import type { ContentHeaders, Encryption, ObjectHead, Expected } from '../model/object.ts';
import { customerEncryption, customerKeyOf } from '../model/object.ts';
import type { CopyRequest, MetadataChange, TagChange } from '../model/request.ts';

/** What one look at the source tells. */
export interface Found {
  head: ObjectHead;
  expected: Expected;
}

/** As an algorithm: whatever the destination's bucket gives an object that asks for nothing. */
export const defaultEncryption = 'default';

/** Derives the destination's headers, metadata, class and encryption from the source's and the request. Pure. */
export function expectedFrom(head: ObjectHead, request: CopyRequest): Expected {
  const { metadata, tags, storageClass } = request.options;
  const content = changeContent(head.content, metadata);
  const userMetadata = changeMetadata(head.userMetadata, metadata);
  const { redirect, lock, checksums, others } = head;
  return {
    content,
    userMetadata,
    storageClass: storageClass ?? head.storageClass,
    encryption: encryptionOf(head, request),
    redirect,
    lock,
    checksums,
    hiddenMetadata: metadata?.base === 'replace' ? undefined : head.hiddenMetadata,
    others,
    metadataChanged: !sameRecord(content, head.content) || !sameRecord(userMetadata, head.userMetadata),
    tagsChanged: tags !== undefined,
  };
}

/** A key of the customer for the destination goes before what the source has; beside it nothing else may be asked for. */
function encryptionOf(head: ObjectHead, { store, destination, options }: CopyRequest): Encryption | undefined {
  if (customerKeyOf(store, destination) !== undefined) return { algorithm: customerEncryption };
  const { encryption } = options;
  return encryption?.algorithm === defaultEncryption ? undefined : (encryption ?? head.encryption);
}

/** Encrypted with a key of the customer, for which the destination has none. */
export function losesCustomerKey({ store, destination }: CopyRequest, { encryption }: Expected): boolean {
  return encryption?.algorithm === customerEncryption && customerKeyOf(store, destination) === undefined;
}

function changeContent(have: ContentHeaders, change: MetadataChange | undefined): ContentHeaders {
  if (!change) return have;
  const content: ContentHeaders = { ...(change.base === 'merge' ? have : {}), ...change.content };
  for (const name of change.removeContent ?? []) delete content[name];
  return content;
}

function changeMetadata(have: Record<string, string>, change: MetadataChange | undefined): Record<string, string> {
  if (!change) return have;
  const result: Record<string, string> = change.base === 'merge' ? { ...have } : {};
  for (const [name, value] of Object.entries(change.set ?? {})) result[name.toLowerCase()] = value;
  for (const name of change.remove ?? []) delete result[name.toLowerCase()];
  return result;
}

/** The tags the destination should carry. */
export function changeTags(have: Record<string, string>, change: TagChange | undefined): Record<string, string> {
  if (!change) return have;
  const result: Record<string, string> = { ...(change.base === 'merge' ? have : {}), ...change.set };
  for (const key of change.remove ?? []) delete result[key];
  return result;
}

/** Equal string fields; an absent field equals an undefined one. */
export function sameRecord(a: object, b: object): boolean {
  const left = new Map(Object.entries(a).filter(([, value]) => value !== undefined));
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined));
  return left.size === right.size && [...left].every(([name, value]) => right.get(name) === value);
}

/** True when class or encryption of the copy differs from what the store would keep without rewriting the data. */
export function isRewrite(head: ObjectHead, expected: Expected): boolean {
  // Official clients do not trust the shallow copy for an encrypted source either (oss-go-sdk-v2, copier.go).
  return (
    expected.storageClass !== head.storageClass || head.encryption !== undefined || expected.encryption !== undefined
  );
}
