import type { ObjectRef } from '../../copy/model/object.ts';
import type { CopyOptions, CopyRequest } from '../../copy/model/request.ts';
import type { ObjectEvent } from '../events/event.ts';
import { formatMarker, markerName, type Marker } from '../loops/marker.ts';
import type { Route } from '../rules/route.ts';
import { routesFrom, type RuleSet } from '../rules/rules.ts';

/** What an event told of the source, as far as it did. */
export interface Told {
  etag?: string;
  size?: number;
  versionId?: string;
  /** When, epoch milliseconds; 0 or absent when unknown. */
  at?: number;
}

/**
 * The copies that an event asks for, by the key and what the event itself tells; filters that need a look at the object and
 * the markers of looped rules are `replicateEvent`'s. Removals ask for none.
 */
export function requestsFor(event: ObjectEvent, rules: RuleSet): CopyRequest[] {
  if (event.kind !== 'created') return [];
  return routesFrom(rules, event.bucket, event.key)
    .filter((route) => event.size === undefined || route.filters.size(event.size))
    .map((route) => requestFor(route, event.key, event));
}

/** The copy of one source object by one route. Never names a version: replicas follow the current one (I2). */
export function requestFor(route: Route, key: string, told: Told, marker?: Marker): CopyRequest {
  const { etag, size, versionId, at } = told;
  return {
    mode: 'replicate',
    store: route.store,
    source: sourceRef(route, key),
    destination: destinationRef(route, key),
    options: copyOptions(route, versionId !== undefined, marker),
    labels: { rule: route.id },
    ...(etag !== undefined && size !== undefined && { seen: { etag, size, ...(at && { notAfter: at }) } }),
  };
}

export function sourceRef(route: Route, key: string): ObjectRef {
  return { bucket: route.source.bucket, key };
}

export function destinationRef(route: Route, key: string): ObjectRef {
  return { bucket: route.destination.bucket, key: route.template.apply(key) };
}

/** Whether the replica goes when its source is found gone. In a versioned bucket that is a delete marker, most likely. */
export function followsDeletes(route: Route, versioned: boolean): boolean {
  return route.deletes !== 'off' && (route.deleteMarkers || !versioned);
}

function copyOptions(route: Route, versioned: boolean, marker: Marker | undefined): CopyOptions {
  const set = { ...route.metadata, ...(marker && { [markerName]: formatMarker(marker) }) };
  return {
    ...route.options,
    ...(Object.keys(set).length > 0 && { metadata: { base: 'merge', set } }),
    ...(followsDeletes(route, versioned) && { followDelete: true }),
  };
}
