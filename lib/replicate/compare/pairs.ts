import { headIfThere } from '../../copy/model/head-if-there.ts';
import { compareKeys } from '../../keys/order.ts';
import { callOptions, type Context } from '../one/context.ts';
import { destinationRef, sourceRef } from '../one/requests.ts';
import type { Route } from '../rules/route.ts';
import { isSource, sourceKeyOf } from '../rules/rules.ts';
import type { List, Listed } from './listing.ts';

/** One source key with what stands on both sides; never neither. */
export interface Pair {
  key: string;
  source?: Listed;
  replica?: Listed;
}

/**
 * Every object of a route's source, and every replica of it. Where replica keys stand in the order of their source keys both
 * listings are walked side by side: 2 requests for 1,000 pairs, and flat memory. Otherwise each object is asked for.
 */
export function pairs(context: Context, route: Route, list: List): AsyncIterable<Pair> {
  return route.template.keepsOrder ? sideBySide(route, list) : oneByOne(context, route, list);
}

async function* sideBySide(route: Route, list: List): AsyncIterable<Pair> {
  const replicas = replicasOf(route, list)[Symbol.asyncIterator]();
  try {
    let replica = await replicas.next();
    for await (const source of sourcesOf(route, list)) {
      while (!replica.done && compareKeys(replica.value.key, source.key) < 0) {
        yield replica.value;
        replica = await replicas.next();
      }
      if (replica.done || replica.value.key !== source.key) {
        yield { key: source.key, source };
        continue;
      }
      yield { ...replica.value, source };
      replica = await replicas.next();
    }
    for (; !replica.done; replica = await replicas.next()) yield replica.value;
  } finally {
    await replicas.return?.();
  }
}

async function* oneByOne(context: Context, route: Route, list: List): AsyncIterable<Pair> {
  const store = context.world.store(route.store);
  for await (const source of sourcesOf(route, list)) {
    const head = await headIfThere(store, destinationRef(route, source.key), callOptions(context));
    const { key } = source;
    yield { key, source, replica: head && { ...head, key: route.template.apply(key) } };
  }
  for await (const pair of replicasOf(route, list)) {
    if (!(await headIfThere(store, sourceRef(route, pair.key), callOptions(context)))) yield pair;
  }
}

async function* sourcesOf(route: Route, list: List): AsyncIterable<Listed> {
  const { bucket, prefix } = route.source;
  for await (const object of list(route.store, bucket, { prefix })) {
    if (isSource(route, object.key) && route.filters.size(object.size)) yield object;
  }
}

async function* replicasOf(route: Route, list: List): AsyncIterable<Required<Omit<Pair, 'source'>>> {
  const prefix = route.template.startFor(route.source.prefix);
  for await (const replica of list(route.store, route.destination.bucket, { prefix })) {
    const key = sourceKeyOf(route, replica.key);
    if (key !== undefined) yield { key, replica };
  }
}
