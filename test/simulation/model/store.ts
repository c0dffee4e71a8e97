/**
 * The servers' side of a store: what is there, and what each request does to it at one instant. Rules follow the stores'
 * documentation; departures are the dialect's quirks. Who asked is passed along for the watchers, never acted upon.
 */
import { GiveUp, SourceChanged } from '../../../lib/copy/model/errors.ts';
import type { Encryption, ObjectRef } from '../../../lib/copy/model/object.ts';
import type { CompleteCall, CopyObjectCall, InitiateCall, UploadPartCopyCall } from '../../../lib/copy/model/ports.ts';
import type { Content } from './content.ts';
import { compositeEtag, concat, simpleEtag, sizeOf, slice } from './content.ts';
import type { Dialect } from './dialect.ts';
import type { By, NewObject, StoredObject, StoredPart, StoreWatcher, Upload } from './objects.ts';

export class ModelStore {
  readonly dialect: Dialect;
  readonly uploads = new Map<string, Upload>();
  /** Results of completed uploads, for servers that repeat them. */
  readonly completions = new Map<string, StoredObject>();
  private readonly completed = new Map<string, Upload>();
  private readonly current = new Map<string, StoredObject>();
  private readonly versions = new Map<string, StoredObject>();
  private readonly clock: () => number;
  private readonly watcher: StoreWatcher;
  private serial = 0;
  private uploadSerial = 0;
  private seals = 0;

  constructor(dialect: Dialect, clock: () => number, watcher: StoreWatcher) {
    this.dialect = dialect;
    this.clock = clock;
    this.watcher = watcher;
  }

  peek(ref: ObjectRef): StoredObject | undefined {
    return this.current.get(`${ref.bucket}/${ref.key}`);
  }

  objects(): Iterable<StoredObject> {
    return this.current.values();
  }

  /** @throws GiveUp NotFound. */
  find(ref: ObjectRef, operation: string): StoredObject {
    const object = ref.versionId === undefined ? this.peek(ref) : this.versions.get(ref.versionId);
    if (!object)
      throw new GiveUp('NotFound', `no ${ref.key}`, { answer: { operation, status: 404, code: 'NoSuchKey' } });
    return object;
  }

  put(object: NewObject): StoredObject {
    const { facts, quirks } = this.dialect;
    const serial = ++this.serial;
    const stored: StoredObject = {
      etag: this.spell(simpleEtag(object.data)),
      content: {},
      userMetadata: {},
      tags: {},
      storageClass: facts.defaultStorageClass,
      acl: facts.defaultAcl,
      ...object,
      serial,
      size: sizeOf(object.data),
      lastModified: Math.floor(this.clock() / 1000) * 1000,
      writtenAt: this.clock(),
    };
    if (quirks.versioned) {
      stored.versionId = `v${serial}`;
      this.versions.set(stored.versionId, stored);
    }
    const name = `${object.bucket}/${object.key}`;
    const over = this.current.get(name);
    this.current.set(name, stored);
    this.watcher.written(stored, over);
    return stored;
  }

  /** How an object of these bytes looks when it was written in parts of these sizes. */
  inParts(data: Content, layout: readonly number[]): Pick<StoredObject, 'etag' | 'layout'> {
    let offset = 0;
    const etags = layout.map((size) => this.spell(simpleEtag(slice(data, offset, (offset += size) - 1))));
    return { etag: this.spell(compositeEtag(this.dialect.facts.scheme, etags)), layout };
  }

  remove(ref: ObjectRef, by: By, ifMatch?: string): void {
    const object = this.peek(ref);
    if (!object) return;
    if (ifMatch !== undefined && this.dialect.facts.conditionalDelete && ifMatch !== object.etag)
      throw new SourceChanged(`${ref.key} has another ETag`);
    this.current.delete(`${ref.bucket}/${ref.key}`);
    this.watcher.removed(object, by);
  }

  /** Checks the conditions and takes the bytes now; the destination changes when the returned function runs. */
  beginCopy(call: CopyObjectCall, by: By): () => StoredObject {
    const { facts, quirks } = this.dialect;
    const source = this.find(call.source, 'CopyObject');
    pinned(source, call.sourceIfMatch);
    if (source.size > this.largestDirect(source, call)) {
      const answer = { operation: 'CopyObject', status: 400, code: 'EntityTooLarge' };
      throw new GiveUp('TooLarge', `${source.size} bytes are too many for one CopyObject`, { answer });
    }
    const { bucket, key } = call.destination;
    const self = source === this.peek(call.destination);
    if (
      self &&
      call.metadata.directive === 'copy' &&
      facts.scheme === 's3' &&
      call.storageClass === source.storageClass
    )
      throw new GiveUp('BadRequest', 'a copy onto itself that changes nothing');
    const keepsEtag = source.layout === undefined || !quirks.copyRehashesMultipart;
    return () => {
      this.checkForbidden(call.forbidOverwrite && !quirks.copiesOverAnything, call.destination);
      // Onto itself OSS takes the request's metadata whatever the directive says: none.
      const carried: Pick<StoredObject, 'content' | 'userMetadata'> =
        call.metadata.directive === 'replace'
          ? call.metadata
          : self && facts.scheme === 'oss'
            ? { content: {}, userMetadata: {} }
            : source;
      return this.put({
        bucket,
        key,
        by,
        data: source.data,
        etag: this.sealed(call.encryption, keepsEtag ? source.etag : this.spell(simpleEtag(source.data))),
        layout: keepsEtag ? source.layout : undefined,
        content: carried.content,
        userMetadata: carried.userMetadata,
        tags: this.tagsOf(call, source),
        storageClass: call.storageClass ?? facts.defaultStorageClass,
        encryption: call.encryption,
        acl: call.acl ?? facts.defaultAcl,
        checksumAlgorithm: source.checksumAlgorithm,
        copiedFrom: source,
      });
    };
  }

  initiate(call: InitiateCall, by: By, initiator: string): Upload {
    this.checkForbidden(call.forbidOverwrite, call.destination);
    const now = this.clock();
    const upload: Upload = {
      id: `upload-${++this.uploadSerial}`,
      call,
      by,
      initiator,
      initiated: Math.floor(now / 1000) * 1000,
      listedFrom: now + this.dialect.quirks.listingLagMs,
      parts: new Map(),
    };
    this.uploads.set(upload.id, upload);
    return upload;
  }

  /** Like `beginCopy`: conditions and bytes now, the part when the returned function runs. */
  beginPart(call: UploadPartCopyCall, by: By): () => StoredPart {
    const source = this.find(call.source, 'UploadPartCopy');
    this.upload(call.uploadId, 'UploadPartCopy');
    if (!this.dialect.quirks.ignoresPartConditions) pinned(source, call.sourceIfMatch);
    if (call.last >= source.size || call.first > call.last) {
      // OSS copies the whole object then and leaves Content-Range out, S3 refuses; the adapters tell us the same of both.
      throw new GiveUp('VerificationFailed', `bytes ${call.first}-${call.last} are not inside ${source.size} bytes`);
    }
    if (source.size !== call.sourceSize && this.dialect.facts.scheme === 'oss')
      throw new SourceChanged(`Content-Range tells ${source.size} bytes, not ${call.sourceSize}`);
    const data = slice(source.data, call.first, call.last);
    return () => {
      const upload = this.upload(call.uploadId, 'UploadPartCopy');
      const over = upload.parts.get(call.partNumber);
      const etag = this.sealed(upload.call.encryption, this.spell(simpleEtag(data)));
      const part = { number: call.partNumber, data, size: sizeOf(data), etag, from: source };
      upload.parts.set(call.partNumber, part);
      this.watcher.partCopied(upload, part, over, by);
      return part;
    };
  }

  complete(call: CompleteCall, by: By): StoredObject {
    const { quirks, facts } = this.dialect;
    const before = this.completions.get(call.uploadId);
    if (before && quirks.repeatedCompleteOk) return before;
    const upload = this.upload(call.uploadId, 'CompleteMultipartUpload');
    this.checkForbidden(call.forbidOverwrite, call.destination);
    const listed = call.parts.map((part) => {
      const stored = upload.parts.get(part.number);
      if (!stored || stored.etag !== part.etag) throw invalidPart(`part ${part.number} is not as listed`);
      return stored;
    });
    const sorted = call.parts.every((part, i) => i === 0 || part.number > (call.parts[i - 1]?.number ?? 0));
    if (listed.length === 0 || !sorted) throw invalidPart('no parts, or not in order');
    if (quirks.wantsAllParts && listed.length !== upload.parts.size) throw invalidPart('not all parts are listed');
    if (listed.slice(0, -1).some((part) => part.size < facts.minPartSize)) throw invalidPart('a part is too small');
    this.uploads.delete(upload.id);
    const { bucket, key } = call.destination;
    const object = this.put({
      bucket,
      key,
      by,
      data: concat(listed.map((part) => part.data)),
      etag: this.spell(
        compositeEtag(
          facts.scheme,
          listed.map((part) => part.etag),
        ),
      ),
      layout: listed.map((part) => part.size),
      content: upload.call.content,
      userMetadata: upload.call.userMetadata,
      tags: quirks.dropsTags.initiate ? {} : upload.call.tags,
      storageClass: upload.call.storageClass ?? facts.defaultStorageClass,
      encryption: upload.call.encryption,
      acl: (facts.aclAt === 'complete' ? call.acl : upload.call.acl) ?? facts.defaultAcl,
      checksumAlgorithm: upload.call.checksum?.algorithm,
      copiedFrom: listed[0]?.from,
      uploadId: upload.id,
    });
    this.completions.set(upload.id, object);
    this.completed.set(upload.id, upload);
    this.watcher.completed(upload, object, by);
    return object;
  }

  abort(uploadId: string, by: By): void {
    const upload = this.uploads.get(uploadId);
    if (!upload) return;
    this.uploads.delete(uploadId);
    this.watcher.aborted(upload, by);
  }

  /** The upload whose parts are asked for. @throws GiveUp NoSuchUpload. */
  listed(id: string): Upload {
    const object = this.dialect.quirks.remembersParts ? this.completions.get(id) : undefined;
    const stands = object !== undefined && this.peek(object)?.uploadId === id;
    return (stands ? this.completed.get(id) : undefined) ?? this.upload(id, 'ListParts');
  }

  /** @throws GiveUp NoSuchUpload. */
  upload(id: string, operation: string): Upload {
    const upload = this.uploads.get(id);
    if (!upload)
      throw new GiveUp('NoSuchUpload', `no upload ${id}`, { answer: { operation, status: 404, code: 'NoSuchUpload' } });
    return upload;
  }

  private tagsOf({ metadata, tags }: CopyObjectCall, source: StoredObject): Record<string, string> {
    const { dropsTags, keepsTagsWithMetadata } = this.dialect.quirks;
    const asked = tags === 'copy' ? source.tags : tags;
    if (metadata.directive === 'copy') return keepsTagsWithMetadata ? source.tags : asked;
    return (tags === 'copy' ? dropsTags.replaceAndKeep : dropsTags.replaceAndSet) ? {} : asked;
  }

  private checkForbidden(forbid: boolean | undefined, destination: ObjectRef): void {
    // OSS ignores the header where versioning was ever on.
    if (!forbid || (this.dialect.facts.scheme === 'oss' && this.dialect.quirks.versioned)) return;
    if (this.peek(destination)) throw new GiveUp('DestinationExists', `${destination.key} is there already`);
  }

  private largestDirect(source: StoredObject, call: CopyObjectCall): number {
    const { facts, quirks } = this.dialect;
    const rewrite =
      (call.storageClass ?? facts.defaultStorageClass) !== source.storageClass ||
      call.encryption?.algorithm !== source.encryption?.algorithm;
    const sameBucket = source.bucket === call.destination.bucket;
    const documented = rewrite ? facts.directRewrite : sameBucket ? facts.directSameBucket : facts.directOtherBucket;
    return Math.min(documented, quirks.directCeiling);
  }

  /** Under a key of KMS an ETag is no digest, and another one each time; Ceph digests the plain bytes all the same. */
  private sealed(encryption: Encryption | undefined, etag: string): string {
    const isSealed = encryption?.algorithm.toLowerCase().includes('kms') && !this.dialect.quirks.silentComplete;
    return isSealed ? `${etag.slice(0, 24)}x${++this.seals}` : etag;
  }

  private spell(etag: string): string {
    return this.dialect.facts.scheme === 'oss' ? etag.toUpperCase() : etag;
  }
}

function pinned(source: StoredObject, etag: string): void {
  if (etag === '') return;
  if (source.etag.toLowerCase() !== etag.toLowerCase()) throw new SourceChanged(`${source.key} has another ETag`);
}

/** What the adapters make of it: a bad request, with the store's own code. */
function invalidPart(message: string): GiveUp {
  const answer = { operation: 'CompleteMultipartUpload', status: 400, code: 'InvalidPart' };
  return new GiveUp('BadRequest', message, { answer });
}
