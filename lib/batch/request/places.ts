import type { ObjectRef } from '../../copy/model/object.ts';
import type { FileRef } from '../../sources/shared/source.ts';
import type { BatchRequest } from './request.ts';

/** What a batch reads: its prefix, as a key, or the file that lists its objects; undefined for the results of another batch. */
export function sourcePlaceOf({ source }: Pick<BatchRequest, 'source'>): FileRef | undefined {
  if (source.kind === 'prefix') return { bucket: source.bucket, key: source.prefix };
  return source.kind === 'results' ? undefined : source.file;
}

/**
 * Where the objects of a batch go: the bucket, and the prefix that their keys have there as far as the request tells it. A
 * list, a template or a pattern may put an object anywhere in the bucket. Undefined where each object stays in its own bucket
 * and a list names these.
 */
export function destinationPlaceOf({
  source,
  destination,
  mapping,
  rule,
}: Pick<BatchRequest, 'source' | 'destination' | 'mapping' | 'rule'>): ObjectRef | undefined {
  if (rule) return rule.destinations[0];
  const read = source.kind === 'prefix' ? source : undefined;
  const bucket = destination?.bucket ?? read?.bucket;
  if (bucket === undefined) return undefined;
  if (mapping === undefined) return { bucket, key: read?.prefix ?? '' };
  return { bucket, key: mapping.kind === 'prefix' ? mapping.to : '' };
}
