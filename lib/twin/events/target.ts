/** Where object events go, and what an operation says when something happened. */

/** One thing that happened, before it takes a cloud's shape. Named after the OSS operation. */
export type EventName =
  | 'PutObject'
  | 'CopyObject'
  | 'AppendObject'
  | 'PutSymlink'
  | 'InitiateMultipartUpload'
  | 'UploadPart'
  | 'UploadPartCopy'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'DeleteObject'
  | 'DeleteObjects'
  /** S3 only: a delete in a versioned bucket. */
  | 'DeleteMarkerCreated'
  /** Sent only to targets that list them. */
  | 'PutObjectTagging'
  | 'DeleteObjectTagging';

export interface StoreEvent {
  name: EventName;
  bucket: string;
  region: string;
  key: string;
  size: number;
  deltaSize: number;
  /** Without quotes. */
  etag: string;
  /** Undefined in a bucket without versioning. */
  versionId: string | undefined;
  contentType: string | undefined;
  /** Hex, growing per key. */
  sequencer: string;
  requestId: string;
  /** Epoch milliseconds. */
  at: number;
}

/** `s3-sns` is the notification as a topic of SNS posts it; unsigned. */
export type EventShape = 'oss' | 'oss-eventbridge' | 's3' | 's3-eventbridge' | 's3-sns';

export interface EventTarget {
  /** Receives a POST for each event; anything but 2xx is tried again. */
  url: string;
  shape: EventShape;
  /** Only this bucket. */
  bucket?: string;
  prefix?: string;
  suffix?: string;
  /** Only these, as S3 names them: `s3:ObjectCreated:*`, `s3:ObjectTagging:Put`. */
  events?: readonly string[];
  /** Fire for Initiate, each part and Abort too, as `oss:ObjectCreated:*` does. */
  partEvents?: boolean;
  headers?: Record<string, string>;
  /** Probability in [0, 1] that an event is delivered twice. */
  duplicate?: number;
  /** Each delivery waits a random time up to this, milliseconds; more than the time between events reorders them. */
  delayMs?: number;
  /** Deliveries of one event before it is given up; default 10. */
  attempts?: number;
}

export interface EventSink {
  emit(event: StoreEvent): void;
  /** Sends what S3 sends to the target of a new notification. */
  test(target: EventTarget, bucket: string, requestId: string): void;
}
