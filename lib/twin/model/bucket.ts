/** One bucket: its settings, its keys in order and, under each key, the versions with the newest first. */
import { NULL_VERSION, type Encryption, type Grant, type StoredObject } from './object.ts';
import { SortedKeys } from './sorted-keys.ts';

/** One configuration of a bucket's notifications. */
export interface Notification {
  kind: 'Topic' | 'Queue' | 'CloudFunction' | 'EventBridge';
  id: string;
  /** Its last piece names the webhook. */
  arn: string;
  events: string[];
  prefix: string;
  suffix: string;
}

export interface BucketSettings {
  name: string;
  /** Without `oss-`, e.g. `cn-hangzhou`. */
  region: string;
  created: number;
  acl: string;
  /** S3: what the ACL says where no canned one says it. */
  grants?: Grant[] | undefined;
  /** Id of the user that created it; absent for the twin's first user. */
  owner?: string;
  /** Class of objects that name none. */
  storageClass: string;
  versioning?: 'Enabled' | 'Suspended';
  /** S3: writes may set an object lock. */
  objectLock?: boolean;
  /** Applied to objects that ask for no encryption. */
  encryption?: Encryption;
  tags: Record<string, string>;
  /** A retention policy: what is there can be neither overwritten nor deleted. */
  immutable?: boolean;
  /** S3: names of access points; each has the host label `NAME-ACCOUNT` and the alias `NAME-s3alias`. */
  accessPoints?: string[];
  /** Requests of others than the owner must say that they pay. */
  requesterPays?: boolean;
  /** OSS: class ARCHIVE may be read without a restore. */
  archiveDirectRead?: boolean;
  /** S3: what PutBucketNotificationConfiguration asked for. */
  notifications?: Notification[];
  /** Custom domain bound to this bucket. */
  cname?: string;
}

/** What a mutation did, for the journal. */
export type ObjectChange =
  | { kind: 'object'; bucket: string; key: string; object: StoredObject; inPlace: boolean }
  | { kind: 'object-removed'; bucket: string; key: string; versionId: string };

export class Bucket {
  readonly settings: BucketSettings;
  readonly #versions = new Map<string, StoredObject[]>();
  readonly #keys = new SortedKeys();
  readonly #changed: (change: ObjectChange) => void;

  constructor(settings: BucketSettings, changed: (change: ObjectChange) => void) {
    this.settings = settings;
    this.#changed = changed;
  }

  get empty(): boolean {
    return this.#versions.size === 0;
  }

  keysFrom(start: string): Generator<string> {
    return this.#keys.from(start);
  }

  /** Newest first; empty when the key was never there. */
  versions(key: string): readonly StoredObject[] {
    return this.#versions.get(key) ?? [];
  }

  /** The current version, which may be a delete marker. */
  current(key: string): StoredObject | undefined {
    return this.#versions.get(key)?.[0];
  }

  version(key: string, versionId: string): StoredObject | undefined {
    return this.#versions.get(key)?.find((object) => object.versionId === versionId);
  }

  /** Makes `object` the current version; another version with its id is replaced. */
  write(key: string, object: StoredObject): void {
    const kept = this.versions(key).filter(({ versionId }) => versionId !== object.versionId);
    this.#versions.set(key, [object, ...kept]);
    this.#keys.add(key);
    this.#changed({ kind: 'object', bucket: this.settings.name, key, object, inPlace: false });
  }

  /** Replaces a version where it stands (tags, ACL, restore). */
  update(key: string, object: StoredObject): void {
    const versions = this.versions(key).map((old) => (old.versionId === object.versionId ? object : old));
    this.#versions.set(key, versions);
    this.#changed({ kind: 'object', bucket: this.settings.name, key, object, inPlace: true });
  }

  removeVersion(key: string, versionId: string): StoredObject | undefined {
    const removed = this.version(key, versionId);
    if (!removed) return undefined;
    const kept = this.versions(key).filter((object) => object !== removed);
    if (kept.length > 0) this.#versions.set(key, kept);
    else {
      this.#versions.delete(key);
      this.#keys.delete(key);
    }
    this.#changed({ kind: 'object-removed', bucket: this.settings.name, key, versionId });
    return removed;
  }

  /** The id a new version gets. */
  idFor(next: () => string): string {
    return this.settings.versioning === 'Enabled' ? next() : NULL_VERSION;
  }
}
