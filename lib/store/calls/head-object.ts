import { GiveUp, gaveUp } from '../../copy/model/errors.ts';
import type { ObjectHead, ObjectRef } from '../../copy/model/object.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import { nameCall } from '../answers/error-text.ts';
import { readHead } from '../answers/head.ts';
import type { Call } from '../http/call.ts';
import type { Caller } from '../http/caller.ts';
import { perform } from '../http/retry.ts';
import { headBucket } from './buckets.ts';

export type HeadOptions = CallOptions & { partNumber?: number; checksum?: boolean };

export async function headObject(caller: Caller, ref: ObjectRef, options: HeadOptions = {}): Promise<ObjectHead> {
  const { dialect, clock } = caller;
  const { partNumber, checksum } = options;
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
    const head = await perform(caller, call, options, (answer) => readHead(answer.headers, dialect, clock.now()));
    caller.knownBuckets.add(ref.bucket);
    return head;
  } catch (error) {
    if (gaveUp(error, 'NotFound') && dialect.headHidesBucket && !caller.knownBuckets.has(ref.bucket)) {
      await mustExist(caller, ref.bucket, options);
    }
    throw error;
  }
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
