import { mayBeSame } from './access-point.ts';
import { GiveUp, SourceChanged } from '../model/errors.ts';
import type { ObjectHead } from '../model/object.ts';
import { customerEncryption, customerKeyAdvice, customerKeyOf, describe } from '../model/object.ts';
import type { StoreFacts } from '../model/store-facts.ts';
import type { CopyRequest } from '../model/request.ts';
import { checkRestoreWish } from './check-restore.ts';

const tagLimits = { count: 10, keyChars: 128, valueChars: 256 };

/**
 * Refuses what can be refused without asking the store.
 * @throws GiveUp SameObject, KeyTooLong or BadRequest.
 */
export function checkRequest(request: CopyRequest, facts: StoreFacts): void {
  const { source, destination, mode, options } = request;
  for (const ref of [source, destination]) {
    if (ref.bucket === '' || ref.key === '') throw bad(`A bucket and a key are needed, got ${describe(facts, ref)}.`);
    checkKey(ref.key, facts);
    checkBucket(ref.bucket, facts);
  }
  if (destination.versionId !== undefined) throw bad('A destination cannot name a version; the store makes a new one.');
  const same = source.bucket === destination.bucket && source.key === destination.key;
  if (mode === 'metadata' && !same) throw bad('A metadata change needs the same object as source and destination.');
  if (mode === 'metadata' && options.overwrite === 'never') throw bad('A metadata change always writes the object.');
  if (mode !== 'metadata' && same) {
    throw new GiveUp(
      'SameObject',
      `Source and destination are the same object, ${describe(facts, source)}; nothing was done. ` +
        `To change its metadata, ask for a metadata change.`,
    );
  }
  if (mode === 'rename' && mayBeSame(source, destination)) {
    throw new GiveUp(
      'SameObject',
      `${describe(facts, source)} and ${describe(facts, destination)} may be one object: an access point is another name of its ` +
        'bucket. A rename would then delete what it has just written, so nothing was done. Name the bucket itself, or use another key.',
    );
  }
  if (mode === 'rename' && source.versionId !== undefined) {
    throw bad('A rename moves the current version; copy a named version instead.');
  }
  if (options.concurrency !== undefined && (!Number.isInteger(options.concurrency) || options.concurrency < 1)) {
    throw bad(`Concurrency must be a whole number from 1, got ${options.concurrency}.`);
  }
  checkTags(options.tags?.set ?? {});
  checkClass(options.storageClass, facts);
  checkRestoreWish(request);
  checkCustomerKey(request);
}

function checkCustomerKey({ store, destination, options }: CopyRequest): void {
  if (options.encryption === undefined || customerKeyOf(store, destination) === undefined) return;
  throw bad(
    `${describe(store, destination)} is to be encrypted with a key of the customer (--sse-c, customerKeys) and with ` +
      `${options.encryption.algorithm} (--sse): an object has one encryption. Leave one of them out.`,
  );
}

function checkClass(asked: string | undefined, { storageClasses, scheme }: StoreFacts): void {
  if (asked === undefined || !storageClasses || storageClasses.includes(asked)) return;
  throw bad(`${asked} is no storage class of ${scheme}:// stores: use ${storageClasses.join(', ')}.`);
}

/** @throws GiveUp Unsupported for a kind of bucket that is not supported. */
export function checkBucket(bucket: string, { scheme, refusedBuckets = [] }: StoreFacts): void {
  const refused = refusedBuckets.find(({ name }) => name.test(bucket));
  if (refused) throw new GiveUp('Unsupported', `${scheme}://${bucket} ${refused.why}`);
}

/** @throws GiveUp KeyTooLong or BadRequest for a key that this store cannot hold. */
export function checkKey(key: string, facts: StoreFacts): void {
  const bytes = Buffer.byteLength(key);
  if (bytes > facts.maxKeyBytes) {
    throw new GiveUp(
      'KeyTooLong',
      `The key has ${bytes} bytes of UTF-8; this store allows ${facts.maxKeyBytes}: ${key}`,
    );
  }
  if (!key.isWellFormed()) throw bad('The key is not valid Unicode (it has half of a surrogate pair).');
  const start = facts.forbiddenKeyStarts.find((prefix) => key.startsWith(prefix));
  if (start !== undefined) throw bad(`A key must not start with "${start}" on this store: ${key}`);
}

function checkTags(tags: Record<string, string>): void {
  const entries = Object.entries(tags);
  if (entries.length > tagLimits.count)
    throw bad(`An object has at most ${tagLimits.count} tags, got ${entries.length}.`);
  for (const [key, value] of entries) {
    if (key.length === 0 || key.length > tagLimits.keyChars) throw bad(`A tag key has 1 to 128 characters: "${key}"`);
    if (value.length > tagLimits.valueChars) throw bad(`The value of tag "${key}" is longer than 256 characters.`);
  }
}

function bad(message: string): GiveUp {
  return new GiveUp('BadRequest', message);
}

/**
 * Refuses sources that cannot be copied on the store's side, before anything is written.
 * @throws GiveUp NotAppendableCopy, SymlinkSource, Archived or ClientEncrypted.
 */
export function checkSource(request: CopyRequest, head: ObjectHead): void {
  const name = describe(request.store, request.source);
  if (head.kind === 'appendable') {
    throw new GiveUp(
      'NotAppendableCopy',
      `${name} is an appendable object; the store cannot copy those. Download it and upload it as a normal object.`,
    );
  }
  if (head.kind === 'symlink') {
    throw new GiveUp('SymlinkSource', `${name} is a symbolic link; copy the object that it points to instead.`);
  }
  if (head.archived && !request.options.restore) {
    throw new GiveUp(
      'Archived',
      `${name} is archived (${head.storageClass}); nothing was written. ${
        request.mode === 'metadata'
          ? 'Restore it first, then try again.'
          : 'To have it restored and then copied, say for how many days (--restore DAYS; restore: {days} in the API and in rules).'
      }`,
    );
  }
  if (head.clientEncrypted && head.encryption?.algorithm === customerEncryption) {
    throw new GiveUp(
      'ClientEncrypted',
      `${name} is encrypted with a key of the customer (SSE-C). ${customerKeyAdvice}`,
    );
  }
  if (head.clientEncrypted) {
    throw new GiveUp(
      'ClientEncrypted',
      `${name} is encrypted with a key that only its owner holds; the store cannot copy it. Copy it with that key's client.`,
    );
  }
}

/** @throws SourceChanged when the request is for one version only and the source is another one by now. */
export function checkSeen({ onlySeen, seen, store, source }: CopyRequest, head: ObjectHead): void {
  if (!onlySeen || !seen) return;
  const same =
    head.etag === seen.etag &&
    head.size === seen.size &&
    (seen.lastModified === undefined || head.lastModified === seen.lastModified);
  if (!same)
    throw new SourceChanged(
      `${describe(store, source)} is not the version that was to be copied any more; nothing was written.`,
    );
}
