/** Buckets and uploads in progress: the state of the twin, without a word of HTTP. */
import { Bucket, type BucketSettings, type ObjectChange } from './bucket.ts';
import { EMPTY } from './content.ts';
import { NULL_VERSION, type StoredObject, type Upload, type UploadedPart } from './object.ts';
import { compareKeys } from './sorted-keys.ts';

export type Change =
  | ObjectChange
  | { kind: 'bucket'; settings: BucketSettings }
  | { kind: 'bucket-removed'; name: string }
  | { kind: 'upload'; upload: Upload }
  | { kind: 'part'; uploadId: string; part: UploadedPart }
  | { kind: 'upload-removed'; uploadId: string };

/** Of the access points. */
export const ACCOUNT = '123456789012';

export type NewBucket = Pick<BucketSettings, 'name'> & Partial<BucketSettings>;

export class Store {
  readonly #buckets = new Map<string, Bucket>();
  readonly #uploads = new Map<string, Upload>();
  readonly #now: () => number;
  readonly #region: string;
  #sequence = 0;
  /** Told of every change, in order. */
  changed: (change: Change) => void = () => {};

  constructor(options: { now: () => number; region: string }) {
    this.#now = options.now;
    this.#region = options.region;
  }

  /** Unique and growing, 22 hex digits: the source of version ids, upload ids and event sequencers. */
  nextId(): string {
    const sequence = (++this.#sequence % 0x1000000).toString(16).padStart(6, '0');
    return `${this.#now().toString(16).padStart(16, '0')}${sequence}`.toUpperCase();
  }

  createBucket(bucket: NewBucket): Bucket {
    const settings: BucketSettings = {
      region: this.#region,
      created: this.#now(),
      acl: 'private',
      storageClass: 'STANDARD',
      tags: {},
      ...bucket,
    };
    const created = new Bucket(settings, (change) => this.changed(change));
    this.#buckets.set(settings.name, created);
    this.changed({ kind: 'bucket', settings });
    return created;
  }

  /** Call after changing `bucket.settings`. */
  bucketUpdated(bucket: Bucket): void {
    this.changed({ kind: 'bucket', settings: bucket.settings });
  }

  removeBucket(name: string): void {
    this.#buckets.delete(name);
    for (const upload of this.uploads(name)) this.removeUpload(upload.id);
    this.changed({ kind: 'bucket-removed', name });
  }

  /** The bucket behind an access point, by the label of its host, its alias, or its ARN. */
  bucketBehind(text: string): string | undefined {
    const arn = /^arn:aws:s3:[a-z0-9-]+:(\d{12}):accesspoint[:/]([a-z0-9-]+)$/.exec(text);
    const label = arn ? `${arn[2]}-${arn[1]}` : text;
    const has = (name: string): boolean => [`${name}-${ACCOUNT}`, `${name}-s3alias`].includes(label);
    return [...this.#buckets.values()].find(({ settings }) => settings.accessPoints?.some(has))?.settings.name;
  }

  bucket(name: string): Bucket | undefined {
    return this.#buckets.get(name);
  }

  bucketByCname(host: string): Bucket | undefined {
    return this.buckets().find(({ settings }) => settings.cname === host);
  }

  buckets(): Bucket[] {
    return [...this.#buckets.values()].sort((a, b) => compareKeys(a.settings.name, b.settings.name));
  }

  /**
   * Deletes the current version the way the bucket's versioning says: for good, or by putting a delete marker on top.
   * Returns the marker, or undefined when none was made.
   */
  deleteCurrent(bucket: Bucket, key: string): StoredObject | undefined {
    if (!bucket.settings.versioning) {
      bucket.removeVersion(key, NULL_VERSION);
      return undefined;
    }
    const marker: StoredObject = {
      kind: 'normal',
      content: EMPTY,
      etag: '',
      lastModified: this.#now(),
      versionId: bucket.idFor(() => this.nextId()),
      deleteMarker: true,
      headers: {},
      meta: {},
      tags: {},
      acl: { canned: 'default' },
      storageClass: bucket.settings.storageClass,
    };
    bucket.write(key, marker);
    return marker;
  }

  addUpload(upload: Upload): void {
    this.#uploads.set(upload.id, upload);
    this.changed({ kind: 'upload', upload });
  }

  upload(id: string): Upload | undefined {
    return this.#uploads.get(id);
  }

  /** By key, then by the time they began. */
  uploads(bucket: string): Upload[] {
    return [...this.#uploads.values()]
      .filter((upload) => upload.bucket === bucket)
      .sort((a, b) => compareKeys(a.key, b.key) || a.initiated - b.initiated || compareKeys(a.id, b.id));
  }

  putPart(upload: Upload, part: UploadedPart): void {
    upload.parts.set(part.number, part);
    this.changed({ kind: 'part', uploadId: upload.id, part });
  }

  /** Repeats a change that was written down. */
  apply(change: Change): void {
    switch (change.kind) {
      case 'bucket': {
        const existing = this.bucket(change.settings.name);
        // A journal has no line for a grant list that went away.
        if (existing) Object.assign(existing.settings, { grants: undefined }, change.settings);
        else this.createBucket(change.settings);
        break;
      }
      case 'bucket-removed':
        this.removeBucket(change.name);
        break;
      case 'object': {
        const bucket = this.bucket(change.bucket);
        if (change.inPlace) bucket?.update(change.key, change.object);
        else bucket?.write(change.key, change.object);
        break;
      }
      case 'object-removed':
        this.bucket(change.bucket)?.removeVersion(change.key, change.versionId);
        break;
      case 'upload':
        this.addUpload({ ...change.upload, parts: new Map() });
        break;
      case 'part': {
        const upload = this.upload(change.uploadId);
        if (upload) this.putPart(upload, change.part);
        break;
      }
      case 'upload-removed':
        this.removeUpload(change.uploadId);
        break;
    }
  }

  /** The shortest list of changes that leads here. */
  *snapshot(): Generator<Change> {
    for (const bucket of this.buckets()) {
      const { name } = bucket.settings;
      yield { kind: 'bucket', settings: bucket.settings };
      for (const key of bucket.keysFrom('')) {
        for (const object of [...bucket.versions(key)].reverse())
          yield { kind: 'object', bucket: name, key, object, inPlace: false };
      }
      for (const upload of this.uploads(name)) {
        yield { kind: 'upload', upload };
        for (const part of upload.parts.values()) yield { kind: 'part', uploadId: upload.id, part };
      }
    }
  }

  removeUpload(id: string): void {
    if (this.#uploads.delete(id)) this.changed({ kind: 'upload-removed', uploadId: id });
  }
}
