/** A small store for replication tests: every call takes effect when the scheduler lets it, a copy in two steps. */
import { createHash } from 'node:crypto';
import { GiveUp, SourceChanged } from '../../../lib/copy/model/errors.ts';
import type { ContentHeaders, ObjectHead, ObjectRef } from '../../../lib/copy/model/object.ts';
import type { CopyObjectCall, ObjectStore } from '../../../lib/copy/model/ports.ts';
import type { StoreFacts } from '../../../lib/copy/model/store-facts.ts';

export interface ModelObject {
  data: string;
  etag: string;
  lastModified: number;
  content: ContentHeaders;
  userMetadata: Record<string, string>;
  tags: Record<string, string>;
}

export interface Change {
  kind: 'created' | 'removed';
  bucket: string;
  key: string;
  at: number;
  by: 'user' | 'ferry';
}

/** Runs `effect` at some later moment and answers with its result. */
export type Step = <T>(effect: () => T) => Promise<T>;

export const facts: StoreFacts = {
  scheme: 's3',
  directSameBucket: 5 * 1024 ** 3,
  directOtherBucket: 5 * 1024 ** 3,
  directRewrite: 5 * 1024 ** 3,
  minPartSize: 5 * 1024 ** 2,
  maxPartSize: 5 * 1024 ** 3,
  maxParts: 10_000,
  maxObjectSize: 5 * 1024 ** 4,
  maxKeyBytes: 1024,
  forbiddenKeyStarts: [],
  sameRegionOnly: false,
  tellsPartLayout: false,
  compositeEtag: true,
  defaultStorageClass: 'STANDARD',
  defaultAcl: 'private',
  aclAt: 'initiate',
  forbidsOverwrite: true,
  conditionalDelete: false,
  metadataOnlySelfCopy: false,
};

export class ModelStore {
  readonly objects = new Map<string, ModelObject>();
  readonly calls: Record<string, number> = {};
  /** Why a copy to this destination is refused. */
  refuse: (destination: ObjectRef) => Error | undefined = () => undefined;
  /** Each bucket may have an idea of the time of its own; milliseconds to add. */
  readonly skews: Record<string, number> = {};
  readonly #now: () => number;
  readonly #changed: (change: Change) => void;

  constructor(now: () => number, changed: (change: Change) => void) {
    this.#now = now;
    this.#changed = changed;
  }

  get({ bucket, key }: ObjectRef): ModelObject | undefined {
    return this.objects.get(`${bucket}/${key}`);
  }

  put(
    ref: ObjectRef,
    data: string,
    {
      userMetadata = {},
      content = {},
      tags = {},
      by = 'user',
    }: Partial<ModelObject> & Partial<Pick<Change, 'by'>> = {},
  ): ModelObject {
    const etag = createHash('md5').update(data).digest('hex');
    const at = this.#now() + (this.skews[ref.bucket] ?? 0);
    const object = { data, etag, lastModified: Math.floor(at / 1000) * 1000, content, userMetadata, tags };
    this.objects.set(`${ref.bucket}/${ref.key}`, object);
    this.#changed({ kind: 'created', bucket: ref.bucket, key: ref.key, at, by });
    return object;
  }

  remove(ref: ObjectRef, by: Change['by'] = 'user'): void {
    if (!this.objects.delete(`${ref.bucket}/${ref.key}`)) return;
    const at = this.#now() + (this.skews[ref.bucket] ?? 0);
    this.#changed({ kind: 'removed', bucket: ref.bucket, key: ref.key, at, by });
  }

  /** The port as one invocation holds it. */
  port(step: Step, { conditionalDelete = false } = {}): ObjectStore {
    const call = <T>(name: string, effect: () => T): Promise<T> => {
      this.calls[name] = (this.calls[name] ?? 0) + 1;
      return step(effect);
    };
    const never = (): never => {
      throw new Error('not for small objects');
    };
    return {
      address: { scheme: 's3' },
      facts: { ...facts, conditionalDelete },
      head: (ref) => call('head', () => this.#head(ref)),
      copyObject: async (asked) => {
        const { data, content, userMetadata, tags } = await call('copyObject', () => this.#read(asked));
        return await step(() => {
          const replaced = asked.metadata.directive === 'replace' ? asked.metadata : { content, userMetadata };
          const written = this.put(asked.destination, data, { ...replaced, tags, by: 'ferry' });
          return { etag: written.etag };
        });
      },
      getTags: (ref) => call('getTags', () => this.#find(ref).tags),
      delete: (ref, options) =>
        call('delete', () => {
          const there = this.get(ref);
          const stale = conditionalDelete && options?.ifMatch !== undefined && there?.etag !== options.ifMatch;
          if (there && stale) throw new SourceChanged('the object changed');
          this.remove(ref, 'ferry');
          return { marker: false };
        }),
      initiate: never,
      uploadPartCopy: never,
      complete: never,
      abort: never,
      listParts: never,
      listUploads: never,
      putTags: never,
      getAcl: never,
      putAcl: never,
    };
  }

  #find(ref: ObjectRef): ModelObject {
    const object = this.get(ref);
    if (!object) throw new GiveUp('NotFound', `there is no ${ref.bucket}/${ref.key}`);
    return object;
  }

  #read({ source, sourceIfMatch, destination }: CopyObjectCall): ModelObject {
    const refusal = this.refuse(destination);
    if (refusal) throw refusal;
    const object = this.#find(source);
    if (object.etag.toLowerCase() !== sourceIfMatch.toLowerCase()) throw new SourceChanged('the source changed');
    return object;
  }

  #head(ref: ObjectRef): ObjectHead {
    const { data, etag, lastModified, content, userMetadata, tags } = this.#find(ref);
    return {
      size: data.length,
      etag,
      lastModified,
      content: { contentType: 'binary/octet-stream', ...content },
      userMetadata,
      storageClass: 'STANDARD',
      kind: 'normal',
      archived: false,
      clientEncrypted: false,
      tagCount: Object.keys(tags).length,
    };
  }
}
