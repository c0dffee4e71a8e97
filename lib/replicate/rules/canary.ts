import type { Route } from './route.ts';

/** Bytes of a canary: a UUID. */
export const canaryBytes = 36;

/** Key of every canary of a route: one, so that an interrupted run leaves one object at most, which the next run takes over. */
export function canaryKey({ source, id }: Pick<Route, 'source' | 'id'>): string {
  return `${source.prefix}.ferry-canary-${id.replace('#', '-')}`;
}

/** Why a route that asks for a canary cannot have one. */
export function* canaryProblems(routes: readonly Route[]): Generator<string> {
  for (const route of routes.filter(({ canarySeconds }) => canarySeconds !== undefined)) {
    const { filters, rule, looped } = route;
    const key = canaryKey(route);
    if (!filters.key(key) || !filters.size(canaryBytes) || filters.needsTags)
      yield `rule '${rule}': its filters leave out its canary (${key}, ${canaryBytes} bytes, no tags); leave canary out, or let it through`;
    if (looped) yield `rule '${rule}': a rule that is part of a loop can have no canary`;
  }
}
