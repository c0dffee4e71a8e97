import { GiveUp, gaveUp } from '../../copy/model/errors.ts';
import type { ObjectHead, ObjectRef } from '../../copy/model/object.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import { nameCall } from '../answers/error-text.ts';
import type { AnswerHeaders } from '../answers/head.ts';
import { bareEtag, readHead, tellsSize } from '../answers/head.ts';
import type { Call } from '../http/call.ts';
import type { Caller } from '../http/caller.ts';
import { perform } from '../http/retry.ts';
import { headBucket } from './buckets.ts';
import { listObjects } from './lists.ts';

export type HeadOptions = CallOptions & { partNumber?: number; checksum?: boolean };

export async function headObject(caller: Caller, ref: ObjectRef, options: HeadOptions = {}): Promise<ObjectHead> {
  const { dialect, clock } = caller;
  const { partNumber, checksum } = options;
  const hasKey = caller.customerKeys.referenceOf(ref) !== undefined;
  const call: Call = {
    operation: 'HeadObject',
    method: 'HEAD',
    ...ref,
    query: partNumber === undefined ? [] : [['partNumber', String(partNumber)]],
    headers: { 'x-amz-checksum-mode': checksum && dialect.keepsChecksums ? 'ENABLED' : undefined },
  };
  if (partNumber !== undefined && !dialect.facts.tellsPartLayout) {
    throw new GiveUp('Unsupported', `${nameCall(call, dialect)}: the store does not tell single parts of an object.`);
  }
  try {
    const found = await perform(caller, call, options, ({ headers }) => {
      const sized = tellsSize(headers) || headers['etag'] === undefined || partNumber !== undefined;
      return sized ? { head: readHead(headers, dialect, clock.now(), hasKey) } : { headers };
    });
    caller.knownBuckets.add(ref.bucket);
    return found.head ?? (await headListed(caller, ref, found.headers, options));
  } catch (error) {
    if (gaveUp(error, 'NotFound') && dialect.headHidesBucket && !caller.knownBuckets.has(ref.bucket)) {
      await mustExist(caller, ref.bucket, options);
    }
    throw error;
  }
}

/**
 * A HEAD without Content-Length: the listing tells the size, and is believed where it means the same version.
 * @throws GiveUp BadAnswer where it does not tell either.
 */
async function headListed(
  caller: Caller,
  { bucket, key, versionId }: ObjectRef,
  headers: AnswerHeaders,
  { deadline, onRequest }: HeadOptions,
): Promise<ObjectHead> {
  const { dialect, clock } = caller;
  let size: number | undefined;
  if (versionId === undefined) {
    try {
      const { contents } = await listObjects(caller, bucket, { prefix: key, limit: 1, deadline, onRequest });
      const listed = contents.find((object) => object.key === key);
      if (listed?.etag === bareEtag(headers['etag'] ?? '')) size = listed.size;
    } catch (error) {
      if (!gaveUp(error, 'AccessDenied', 'BadAnswer', 'Unsupported')) throw error;
    }
  }
  if (size !== undefined) {
    const hasKey = caller.customerKeys.referenceOf({ bucket, key }) !== undefined;
    return readHead({ ...headers, 'content-length': String(size) }, dialect, clock.now(), hasKey);
  }
  throw new GiveUp(
    'BadAnswer',
    `${nameCall({ operation: 'HeadObject', bucket, key, versionId }, dialect)}: the store does not tell the size of the object ` +
      `(its answer has no Content-Length), nor does a listing of it. It would be the same the next time; without the size ` +
      `no copy can be checked.`,
    { answer: { operation: 'HeadObject', status: 200 } },
  );
}

/** HEAD of S3 says the same for a missing object and a missing bucket. Each bucket is asked for once. */
async function mustExist(caller: Caller, bucket: string, options: CallOptions): Promise<void> {
  try {
    await headBucket(caller, bucket, { deadline: options.deadline, onRequest: options.onRequest });
    caller.knownBuckets.add(bucket);
  } catch (error) {
    // Anything else, such as a missing permission, leaves the first answer standing.
    if (gaveUp(error, 'NoSuchBucket')) throw error;
  }
}
