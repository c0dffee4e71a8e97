/** What a model store keeps, and which watchers it calls. */
import type { ContentHeaders, Encryption } from '../../../lib/copy/model/object.ts';
import type { InitiateCall } from '../../../lib/copy/model/ports.ts';
import type { Content } from './content.ts';

/** Who sent a request: one of our invocations, or an unknown client. */
export type By = string;
export const stranger: By = 'stranger';

export interface StoredObject {
  /** Unique over the whole run: two writes of equal bytes are two versions. */
  serial: number;
  bucket: string;
  key: string;
  versionId?: string;
  data: Content;
  size: number;
  etag: string;
  /** Sizes of its parts; absent for an object written in one piece. */
  layout?: readonly number[];
  lastModified: number;
  /** When it was written, finer than any store tells. */
  writtenAt: number;
  content: ContentHeaders;
  userMetadata: Record<string, string>;
  tags: Record<string, string>;
  storageClass: string;
  encryption?: Encryption;
  acl: string;
  checksumAlgorithm?: string;
  by: By;
  /** The version that this one was copied from, for the watchers. */
  copiedFrom?: StoredObject;
  uploadId?: string;
}

export interface StoredPart {
  number: number;
  data: Content;
  size: number;
  etag: string;
  /** The version that it was copied from; absent when it was uploaded. */
  from?: StoredObject;
}

export interface Upload {
  id: string;
  call: InitiateCall;
  by: By;
  initiator: string;
  initiated: number;
  /** Listings do not show it before this time. */
  listedFrom: number;
  parts: Map<number, StoredPart>;
}

/** Watchers are called after the effect; they must not change anything. */
export interface StoreWatcher {
  written(object: StoredObject, over: StoredObject | undefined): void;
  removed(object: StoredObject, by: By): void;
  partCopied(upload: Upload, part: StoredPart, over: StoredPart | undefined, by: By): void;
  completed(upload: Upload, object: StoredObject, by: By): void;
  aborted(upload: Upload, by: By): void;
}

export type NewObject = Pick<StoredObject, 'bucket' | 'key' | 'data' | 'by'> &
  Partial<Omit<StoredObject, 'serial' | 'size' | 'lastModified' | 'writtenAt' | 'versionId'>>;
