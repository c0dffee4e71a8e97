import { headIfThere } from '../copy/destination.ts';
import { expectedFrom, sameRecord } from '../copy/expect.ts';
import { headerLosses, readTags } from '../copy/fidelity.ts';
import { pinOf } from '../copy/job.ts';
import type { ObjectHead } from '../copy/object.ts';
import type { CallOptions, Invocation, ObjectStore, World } from '../copy/ports.ts';
import type { FidelityLoss } from '../copy/result.ts';
import { judge } from '../copy/verify.ts';
import type { PageEntry } from './page-file.ts';
import type { BatchRequest } from './request.ts';
import type { ResultLine } from './result-file.ts';
import { namesOf } from './result-file.ts';

/**
 * Compares one object with its copy and writes nothing: size, the strongest proof of the content that both sides offer
 * (CRC64, full-object checksum, ETag; an ETag of a multipart object proves nothing when it differs), content headers,
 * metadata, class, encryption and tags.
 *
 * @throws CopyError when the source cannot be looked at; RetryLater.
 */
export async function verifyEntry(
  world: World,
  request: BatchRequest,
  entry: PageEntry,
  invocation: Invocation,
): Promise<ResultLine> {
  const store = world.store(request.store);
  const options = { deadline: invocation.deadline };
  const source = { bucket: entry.bucket, key: entry.key, versionId: entry.versionId };
  const [head, found] = await Promise.all([
    store.head(source, { ...options, checksum: true }),
    headIfThere(store, entry.destination, { ...options, checksum: true }),
  ]);
  const names = namesOf(entry);
  if (!found) return { ...names, status: 'different', size: head.size, differences: [{ what: 'missing' }] };
  const copy = {
    mode: 'copy' as const,
    store: request.store,
    source,
    destination: entry.destination,
    options: { ...request.options, ...entry.options },
  };
  const proof = judge(found, { pin: pinOf(head), verify: copy.options.verify });
  const differences = [
    ...contentDifferences(head, found, proof),
    ...headerLosses(expectedFrom(head, copy), found),
    ...(copy.options.tags ? [] : await tagDifferences(store, { source, head, entry, found }, options)),
  ];
  const status = differences.length > 0 ? 'different' : 'same';
  const verifiedBy = proof === 'mismatch' || proof === 'undecided' ? 'size' : proof;
  return {
    ...names,
    status,
    size: head.size,
    etag: found.etag,
    ...(differences.length > 0 ? { differences } : { verifiedBy }),
  };
}

function contentDifferences(head: ObjectHead, found: ObjectHead, proof: ReturnType<typeof judge>): FidelityLoss[] {
  if (head.size !== found.size) return [{ what: 'size', wanted: String(head.size), got: String(found.size) }];
  if (proof === 'mismatch') return [{ what: 'content', wanted: head.crc64, got: found.crc64 }];
  // Two plain ETags are MD5s of the bytes, unless the store encrypts with a key of its own.
  const plain = [head, found].every(({ etag, encryption }) => /^[0-9a-f]{32}$/i.test(etag) && !encryption);
  if (proof === 'undecided' && plain) return [{ what: 'content', wanted: head.etag, got: found.etag }];
  return [];
}

async function tagDifferences(
  store: ObjectStore,
  sides: {
    source: { bucket: string; key: string; versionId?: string };
    head: ObjectHead;
    entry: PageEntry;
    found: ObjectHead;
  },
  options: CallOptions,
): Promise<FidelityLoss[]> {
  const { source, head, entry, found } = sides;
  const [wanted, got] = await Promise.all([
    readTags(store, source, head, options),
    readTags(store, entry.destination, found, options),
  ]);
  if (sameRecord(wanted, got)) return [];
  const text = (tags: Record<string, string>): string => new URLSearchParams(tags).toString();
  return [{ what: 'tags', wanted: text(wanted), got: text(got) }];
}
