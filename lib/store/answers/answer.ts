/** What the store said, and about which call. */
import type { ObjectRef } from '../../copy/model/object.ts';
import type { OperationName } from '../wire/operations.ts';
import type { AnswerHeaders } from './head.ts';

/** What a call was about, as far as errors need to know. */
export interface CallSubject {
  operation: OperationName;
  bucket?: string;
  key?: string;
  versionId?: string;
  /** Copies only. */
  source?: ObjectRef;
  /** A condition on the source (copies) or on the object itself (delete, get) was sent. */
  pinned?: boolean;
  forbidOverwrite?: boolean;
}

export interface Answer {
  status: number;
  headers: AnswerHeaders;
  body: string;
}

/** An error answer, read but not yet judged. */
export interface Failure {
  status: number;
  code?: string;
  message?: string;
  ec?: string;
  requestId?: string;
  /** Milliseconds that the store asks us to wait. */
  delayMs: number;
  /** The store's clock, epoch milliseconds. */
  date?: number;
  /** Where the bucket is to be addressed, where the store tells: an endpoint or a region. */
  elsewhere?: string;
  /** The region that the bucket is in, where the store tells and it is not the one that we asked in. */
  region?: string;
  /** The header or parameter that the store minds, where it tells. */
  argument?: string;
  /** The condition that failed, where the store tells. */
  condition?: string;
  deleteMarker: boolean;
  /** Where the keys of the customer are found that went along; absent when none did. */
  customerKeys?: readonly string[];
  /** The request said that its sender pays. */
  saidPayer?: boolean;
}
