/** What only shows when the rules are looked at together. */
import { isAccessPoint } from '../../copy/plan/access-point.ts';
import { markerName } from '../loops/marker.ts';
import { mayMeet } from './key-space.ts';
import type { Route } from './route.ts';
import type { RuleConfig } from './schema.ts';

/** A marker names each step it took; more steps would not fit beside the user's own metadata (2 KB on S3). */
const longestLoop = 32;

/** Everything that is wrong with a set of rules; each problem names its rule. */
export function problemsOf(rules: readonly RuleConfig[], routes: readonly Route[]): string[] {
  return [...ruleProblems(rules), ...selfLoops(routes), ...overlaps(routes), ...loopProblems(routes)];
}

/** Tells each route whether its replicas can come back to where they came from. */
export function markLoops(routes: readonly Route[]): Route[] {
  const looped = new Set(loops(routes).flat());
  return routes.map((route) => (looped.has(route) ? { ...route, looped: true, marked: true } : route));
}

function* ruleProblems(rules: readonly RuleConfig[]): Generator<string> {
  const names = new Set<string>();
  for (const { name, source, filters, deletes, deleteMarkers, destination } of rules) {
    if (names.has(name)) yield `rule '${name}': there are two rules of this name`;
    names.add(name);
    const point = [source, ...destination].find(({ bucket }) => isAccessPoint(bucket));
    // Events name buckets, and loops are found by their names (I8).
    if (point)
      yield `rule '${name}': ${point.bucket} is an access point, another name of a bucket; rules go by the bucket's own name, as events do`;
    const { minSize = 0, maxSize = Infinity } = filters;
    if (minSize > maxSize) yield `rule '${name}': filters.minSize is greater than filters.maxSize`;
    if (deleteMarkers && deletes === 'off')
      yield `rule '${name}': deleteMarkers needs deletes to be 'verified' or 'all'`;
    if (destination.some(({ metadata }) => metadata && Object.hasOwn(metadata, markerName))) {
      yield `rule '${name}': the metadata name '${markerName}' is reserved`;
    }
  }
}

function* selfLoops(routes: readonly Route[]): Generator<string> {
  for (const route of routes.filter(({ reads, writes }) => mayMeet(reads, writes))) {
    yield (
      `rule '${route.rule}': its replicas in ${whereOf(route)} would be sources of the rule itself; ` +
      'give the rule a source prefix that its destination does not start with'
    );
  }
}

function* overlaps(routes: readonly Route[]): Generator<string> {
  for (const [index, one] of routes.entries()) {
    for (const other of routes.slice(index + 1)) {
      if (!mayMeet(one.writes, other.writes)) continue;
      const who =
        one.rule === other.rule ? `two destinations of rule '${one.rule}'` : `rules '${one.rule}' and '${other.rule}'`;
      yield `${who} could write the same key in ${whereOf(one)}; give them destination prefixes of their own, for instance with {bucket}`;
    }
  }
}

function* loopProblems(routes: readonly Route[]): Generator<string> {
  for (const loop of loops(routes)) {
    const names = [...new Set(loop.map(({ rule }) => `'${rule}'`))];
    if (loop.length > longestLoop)
      yield `rule ${names[0]}: it is in a loop of ${loop.length} rules; at most ${longestLoop} are supported`;
    const careless = loop.find(({ deletes }) => deletes === 'all');
    if (careless) {
      yield (
        `rule '${careless.rule}': in a loop (${names.join(', ')}) deletes 'all' would remove what users wrote on the other side; ` +
        "use 'verified', which removes replicas only"
      );
    }
  }
}

function whereOf({ store, destination, writes }: Route): string {
  return `${store.scheme}://${destination.bucket}/${writes.starts.length === 1 ? writes.starts[0] : ''}`;
}

/**
 * The strongly connected components of "what one route writes, another may read" (Tarjan), without single routes: those
 * are refused when they meet themselves. Buckets go by name alone here, so that a private store that is reached by two
 * addresses cannot hide a loop.
 */
function loops(routes: readonly Route[]): Route[][] {
  const found: Route[][] = [];
  const order = new Map<Route, number>();
  const stack: Route[] = [];
  const feeds = (from: Route, to: Route): boolean =>
    mayMeet({ ...from.writes, bucket: from.destination.bucket }, { ...to.reads, bucket: to.source.bucket });

  const visit = (route: Route): number => {
    const mine = order.size;
    order.set(route, mine);
    stack.push(route);
    let low = mine;
    for (const next of routes.filter((candidate) => feeds(route, candidate))) {
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (stack.includes(next)) low = Math.min(low, order.get(next) ?? low);
    }
    if (low === mine) {
      const component = stack.splice(stack.indexOf(route));
      if (component.length > 1) found.push(component);
    }
    return low;
  };
  for (const route of routes) if (!order.has(route)) visit(route);
  return found;
}
