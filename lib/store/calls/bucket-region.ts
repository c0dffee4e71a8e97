import { gaveUp } from '../../copy/model/errors.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
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
 * Where buckets are, asked once per bucket: a bucket never moves. Undefined where we may not ask, for then the store itself
 * must refuse a copy across regions.
 */
export function knownRegions(caller: Caller): (bucket: string, options?: CallOptions) => Promise<string | undefined> {
  const known = new Map<string, string>();
  return async (bucket, options) => {
    try {
      const region = known.get(bucket) ?? (await bucketRegion(caller, bucket, options));
      known.set(bucket, region);
      return region;
    } catch (error) {
      if (gaveUp(error, 'AccessDenied', 'Unsupported', 'WrongEndpoint')) return undefined;
      throw error;
    }
  };
}

/** OSS writes `oss-cn-hangzhou`; S3 has kept `EU` from the days of its second region. */
export function plainRegion(text: string): string {
  return text === 'EU' ? 'eu-west-1' : text.replace(/^oss-/, '');
}
