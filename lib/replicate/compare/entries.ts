import type { Entry, ListedEntry } from '../../sources/shared/source.ts';
import { destinationRef } from '../one/requests.ts';
import type { Route } from '../rules/route.ts';

/** A source object, for one destination of its rule. */
export function sourceEntry(route: Route, listed: Omit<ListedEntry, 'etag'> & { etag?: string }): Entry {
  const { key, size, etag, lastModified, storageClass } = listed;
  return {
    bucket: route.source.bucket,
    key,
    size,
    ...(etag && { etag }),
    lastModified,
    ...(storageClass !== undefined && { storageClass }),
    destination: destinationRef(route, key),
    rule: { route: route.id },
  };
}

/** A replica, by the key of its source, which was not listed. */
export function extraEntry(route: Route, key: string, { size }: { size?: number }): Entry {
  return {
    bucket: route.source.bucket,
    key,
    ...(size !== undefined && { size }),
    destination: destinationRef(route, key),
    rule: { route: route.id, extra: true },
  };
}
