/** A small store, as far as batches go: objects with bytes of a name, one-call copies, and copies in parts. */
import { GiveUp, SourceChanged } from '../../../lib/copy/model/errors.ts';
import type { ObjectHead, ObjectRef } from '../../../lib/copy/model/object.ts';
import type { CopyObjectCall, InitiateCall, UploadPartCopyCall } from '../../../lib/copy/model/ports.ts';

export interface Stored {
  /** What the bytes are; equal names are equal bytes. */
  content: string;
  size: number;
  lastModified: number;
  userMetadata: Record<string, string>;
  kind: 'normal' | 'multipart';
}

interface Upload {
  call: InitiateCall;
  initiated: number;
  parts: Map<number, { size: number; content: string }>;
}

export class SmallStore {
  readonly objects = new Map<string, Stored>();
  readonly uploads = new Map<string, Upload>();
  readonly #now: () => number;
  #ids = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  put(
    { bucket, key }: ObjectRef,
    object: Omit<Stored, 'lastModified' | 'kind'>,
    kind: Stored['kind'] = 'normal',
  ): Stored {
    const stored = { ...object, kind, lastModified: Math.floor(this.#now()) };
    this.objects.set(`${bucket}/${key}`, stored);
    return stored;
  }

  peek({ bucket, key }: ObjectRef): Stored | undefined {
    return this.objects.get(`${bucket}/${key}`);
  }

  find(ref: ObjectRef): Stored {
    const object = this.peek(ref);
    if (!object) throw new GiveUp('NotFound', `${ref.bucket}/${ref.key} is not there`);
    return object;
  }

  head(ref: ObjectRef): ObjectHead {
    const { content, size, lastModified, userMetadata, kind } = this.find(ref);
    return {
      size,
      etag: content,
      lastModified,
      content: {},
      userMetadata,
      storageClass: 'STANDARD',
      kind,
      archived: false,
      clientEncrypted: false,
      tagCount: 0,
      // Stands for any proof that does not depend on the layout of the parts.
      crc64: content,
    };
  }

  copy({ source, sourceIfMatch, destination, metadata, forbidOverwrite }: CopyObjectCall): Stored {
    const from = this.find(source);
    if (from.content !== sourceIfMatch) throw new SourceChanged(`${source.key} was changed`);
    this.#mayWrite(destination, forbidOverwrite);
    const userMetadata = metadata.directive === 'replace' ? metadata.userMetadata : from.userMetadata;
    return this.put(destination, { content: from.content, size: from.size, userMetadata });
  }

  initiate(call: InitiateCall): string {
    const id = `upload-${++this.#ids}`;
    this.uploads.set(id, { call, initiated: Math.floor(this.#now()), parts: new Map() });
    return id;
  }

  upload(id: string): Upload {
    const upload = this.uploads.get(id);
    if (!upload) throw new GiveUp('NoSuchUpload', `${id} is not open`);
    return upload;
  }

  copyPart({ source, sourceIfMatch, uploadId, partNumber, first, last }: UploadPartCopyCall): void {
    const { content } = this.find(source);
    if (content !== sourceIfMatch) throw new SourceChanged(`${source.key} was changed`);
    this.upload(uploadId).parts.set(partNumber, { size: last - first + 1, content });
  }

  complete(id: string, forbidOverwrite?: boolean): Stored {
    const { call, parts } = this.upload(id);
    this.#mayWrite(call.destination, forbidOverwrite);
    const contents = new Set([...parts.values()].map(({ content }) => content));
    const size = [...parts.values()].reduce((sum, part) => sum + part.size, 0);
    this.uploads.delete(id);
    const content = contents.size === 1 ? ([...contents][0] as string) : 'mixed';
    return this.put(call.destination, { content, size, userMetadata: call.userMetadata }, 'multipart');
  }

  #mayWrite(destination: ObjectRef, forbidOverwrite = false): void {
    if (!forbidOverwrite || !this.peek(destination)) return;
    throw new GiveUp('DestinationExists', `${destination.key} is there`, { answer: { operation: 'CopyObject' } });
  }

  list(
    bucket: string,
    prefix: string,
    startAfter: string,
  ): { key: string; size: number; etag: string; lastModified: number }[] {
    const start = `${bucket}/${prefix}`;
    return [...this.objects]
      .filter(([name]) => name.startsWith(start) && name.slice(bucket.length + 1) > startAfter)
      .map(([name, { size, content, lastModified }]) => {
        return { key: name.slice(bucket.length + 1), size, etag: content, lastModified };
      })
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}
