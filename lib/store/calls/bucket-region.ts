import { gaveUp } from '../../copy/model/errors.ts';
import type { CallOptions, ObjectStore } from '../../copy/model/ports.ts';
import type { Answer } from '../answers/answer.ts';
import type { Call } from '../http/call.ts';
import type { Caller } from '../http/caller.ts';
import { perform } from '../http/retry.ts';
import { readXml } from '../wire/xml.ts';

/** The region of a bucket, as signatures spell it. */
export async function bucketRegion(caller: Caller, bucket: string, options?: CallOptions): Promise<string> {
  const call = { operation: 'GetBucketLocation', method: 'GET', bucket, query: [['location', undefined]] } as const;
  return perform(caller, call, options, (answer) => {
    // The root element holds the text itself, so it is wrapped to be read as a child.
    const body = answer.body.replace(/^\s*<\?xml[^>]*\?>/, '');
    const text = readXml(`<Answer>${body}</Answer>`, 'Answer').text('LocationConstraint')?.trim() ?? '';
    return plainRegion(text === '' ? (caller.dialect.defaultRegion ?? '') : text);
  });
}

/**
 * Where buckets are: what answers have proved, or else asked once per bucket, for a bucket does not move. Undefined where the
 * store does not tell it, or not to us.
 */
export function knownRegions(caller: Caller): NonNullable<ObjectStore['region']> {
  const { asked: known } = caller.routes;
  return async (bucket, options) => {
    const proved = caller.routes.regionOf(bucket);
    if (proved !== undefined || options?.ask === false)
      return proved ?? (await known.get(bucket)?.catch(() => undefined));
    const asking = known.get(bucket) ?? ask(caller, bucket, options);
    known.set(bucket, asking);
    try {
      return await asking;
    } catch (error) {
      known.delete(bucket);
      throw error;
    }
  };
}

/** S3 tells the region with HEAD of the bucket, and to callers without a permission as well; OSS has a call of its own. */
async function ask(caller: Caller, bucket: string, options?: CallOptions): Promise<string | undefined> {
  const { bucketRegion: header } = caller.dialect.headers;
  const head: Call & { bucket: string } = { operation: 'HeadBucket', method: 'HEAD', bucket };
  if (header !== undefined) return await told(caller, head, options, (answer) => answer.headers[header]);
  try {
    return await bucketRegion(caller, bucket, options);
  } catch (error) {
    if (!gaveUp(error, 'AccessDenied', 'Unsupported', 'WrongEndpoint')) throw error;
    const acl: Call & { bucket: string } = {
      operation: 'HeadBucket',
      method: 'GET',
      bucket,
      query: [['acl', undefined]],
    };
    return await told(caller, acl, options, () => caller.routes.regionOf(bucket));
  }
}

async function told(
  caller: Caller,
  call: Call & { bucket: string },
  options: CallOptions | undefined,
  read: (answer: Answer) => string | undefined,
): Promise<string | undefined> {
  const { routes } = caller;
  try {
    const region = await perform(caller, call, options, read);
    // Where it was served counts for more than what a proxy may have left standing in the answer.
    return routes.regionOf(call.bucket) ?? region;
  } catch (error) {
    if (gaveUp(error, 'WrongEndpoint')) return routes.regionOf(call.bucket);
    if (!gaveUp(error, 'AccessDenied', 'Unsupported')) throw error;
    // It was the bucket that refused: it is where it was asked.
    routes.served(call, routes.of(call));
    return routes.regionOf(call.bucket);
  }
}

/** OSS writes `oss-cn-hangzhou`; S3 has kept `EU` from the days of its second region. */
export function plainRegion(text: string): string {
  return text === 'EU' ? 'eu-west-1' : text.replace(/^oss-/, '');
}
