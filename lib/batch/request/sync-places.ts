/** Places that a sync must not have inside each other. */
import { GiveUp } from '../../copy/model/errors.ts';
import { isAccessPoint } from '../../copy/plan/access-point.ts';
import { destinationPlaceOf } from './places.ts';
import type { BatchRequest } from './request.ts';

interface Place {
  bucket: string;
  prefix: string;
}

/**
 * Refuses a sync whose source, destination and backup overlap: it would copy its own copies, or take sources and backups for objects
 * without a source, and remove them.
 *
 * @throws GiveUp BadRequest.
 */
export function refuseOverlap(
  request: Pick<BatchRequest, 'source' | 'destination' | 'mapping' | 'sync' | 'store'>,
): void {
  const { source, sync, store } = request;
  if (!sync) return;
  const there = destinationPlaceOf(request);
  if (source.kind !== 'prefix' || !there) throw bad('A sync compares two prefixes: name a source and a destination.');
  const from: Place = { bucket: source.bucket, prefix: source.prefix };
  const to: Place = { bucket: there.bucket, prefix: there.key };
  const url = ({ bucket, prefix }: Place): string => `${store.scheme}://${bucket}/${prefix}`;
  if (from.bucket === to.bucket && from.prefix === to.prefix)
    throw bad(`Source and destination are the same: ${url(from)}.`);
  if (isInside(to, from)) {
    throw bad(
      `${url(to)} lies inside ${url(from)}: the next sync would copy the copies as well. Choose a destination outside the source.`,
    );
  }
  if (isInside(from, to)) {
    throw bad(
      `${url(from)} lies inside ${url(to)}: a copy could overwrite a source, and --delete would take the sources for objects without one. Choose a destination that does not hold the source.`,
    );
  }
  for (const place of sync.backup ? [from, to] : []) {
    const backup = sync.backup as Place;
    if (!isInside(backup, place) && !isInside(place, backup) && !isSame(backup, place)) continue;
    throw bad(
      `${url(backup)} and ${url(place)} overlap: the next sync would copy or remove the backups. Choose a --backup-prefix apart from source and destination.`,
    );
  }
}

/** Behind an access point may be the bucket of the other: there only equal prefixes are safe, for then every object is its own copy. */
function isInside(one: Place, other: Place): boolean {
  const mayBeOne = one.bucket === other.bucket || isAccessPoint(one.bucket) || isAccessPoint(other.bucket);
  return mayBeOne && one.prefix !== other.prefix && one.prefix.startsWith(other.prefix);
}

function isSame(one: Place, other: Place): boolean {
  const mayBeOne = one.bucket === other.bucket || isAccessPoint(one.bucket) || isAccessPoint(other.bucket);
  return mayBeOne && one.prefix === other.prefix;
}

function bad(message: string): GiveUp {
  return new GiveUp('BadRequest', message);
}
