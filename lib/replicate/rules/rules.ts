import { GiveUp } from '../../copy/model/errors.ts';
import type { ObjectRef, StoreAddress } from '../../copy/model/object.ts';
import { compileFilters } from '../../keys/filters.ts';
import { compileTemplate } from '../../keys/template.ts';
import { placeOf } from './bucket-identity.ts';
import { canaryProblems } from './canary.ts';
import { markLoops, problemsOf } from './check.ts';
import { narrow } from './key-space.ts';
import type { Route } from './route.ts';
import { rulesSchema, type DestinationConfig, type RuleConfig, type RulesInput } from './schema.ts';

export interface RuleSet {
  routes: readonly Route[];
  /** Metadata names that rules add: they say nothing about who wrote an object. */
  addedMetadata: ReadonlySet<string>;
  /** As they were written, with the addresses of their stores in place of names: `loadRules` reads them back anywhere. */
  written?: RulesInput;
}

/** For a process that has none. */
export const noRules: RuleSet = { routes: [], addedMetadata: new Set() };

export interface RulesContext {
  /** Addresses by the names that rules may use. */
  stores?: Record<string, StoreAddress>;
  /** For rules that name none, when the file has no `store` either. */
  defaultStore?: StoreAddress;
  /** Completes the address of a store that a rule describes itself; by itself it is taken as it is. */
  resolve?(store: StoreAddress): StoreAddress;
}

/**
 * Reads, checks and compiles replication rules, as a whole.
 *
 * @throws GiveUp BadRequest that lists every problem, each with the rule it is in.
 */
export function loadRules(input: unknown, context: RulesContext = {}): RuleSet {
  const parsed = rulesSchema.safeParse(input);
  if (!parsed.success) throw refused(parsed.error.issues.map((issue) => describeIssue(issue, input)));
  const { rules, store } = parsed.data;
  const routes: Route[] = [];
  const problems: string[] = [];
  for (const rule of rules) {
    for (const [index, destination] of rule.destination.entries()) {
      try {
        const address = resolveStore(rule.source.store ?? store, context);
        routes.push(compileRoute(rule, destination, index, address));
      } catch (error) {
        if (!(error instanceof GiveUp)) throw error;
        problems.push(`rule '${rule.name}': ${error.message}`);
      }
    }
  }
  problems.push(...problemsOf(rules, routes));
  if (problems.length > 0) throw refused(problems);
  const marked = markLoops(routes);
  const unfit = [...canaryProblems(marked)];
  if (unfit.length > 0) throw refused(unfit);
  return {
    routes: marked,
    addedMetadata: new Set(marked.flatMap((route) => Object.keys(route.metadata))),
    written: { rules: rules.map((rule) => withAddress(rule, resolveStore(rule.source.store ?? store, context))) },
  };
}

/** The routes of a rule. @throws GiveUp BadRequest when there is no such rule. */
export function routesOfRule(rules: RuleSet, rule: string): Route[] {
  const routes = rules.routes.filter((route) => route.rule === rule);
  if (routes.length > 0) return routes;
  const known = [...new Set(rules.routes.map((route) => route.rule))].join(', ');
  throw new GiveUp('BadRequest', `There is no replication rule '${rule}'; there are: ${known || 'none'}.`);
}

/** The routes whose source this key belongs to. A bucket's name decides: what else an event says is only a hint to look. */
export function routesFrom(rules: RuleSet, bucket: string, key: string): Route[] {
  return rules.routes.filter((route) => route.source.bucket === bucket && isSource(route, key));
}

/** True when the route reads this key of its source bucket. */
export function isSource(route: Route, key: string): boolean {
  return key.startsWith(route.source.prefix) && key !== '' && route.filters.key(key);
}

/** The source key whose replica this key of the destination bucket is; undefined when the route does not write it. */
export function sourceKeyOf(route: Route, key: string): string | undefined {
  const source = route.template.invert(key);
  return source !== undefined && isSource(route, source) ? source : undefined;
}

/**
 * True when rules lead from the replica of this key back to the key itself. A key is written by one rule at most, so there
 * is one way back to look along, and no way around takes a rule twice.
 */
export function returns(rules: RuleSet, route: Route, key: string): boolean {
  if (!route.looped) return false;
  const target = { bucket: route.destination.bucket, key: route.template.apply(key) };
  let at: ObjectRef = { bucket: route.source.bucket, key };
  for (let steps = 0; steps < rules.routes.length; steps += 1) {
    const before = writerOf(rules, at);
    if (!before) return false;
    at = { bucket: before.route.source.bucket, key: before.key };
    if (at.bucket === target.bucket && at.key === target.key) return true;
  }
  return false;
}

/** The looped route that writes this object, and from which key. */
export function writerOf(rules: RuleSet, { bucket, key }: ObjectRef): { route: Route; key: string } | undefined {
  for (const route of rules.routes) {
    if (!route.looped || route.destination.bucket !== bucket) continue;
    const source = sourceKeyOf(route, key);
    if (source !== undefined) return { route, key: source };
  }
  return undefined;
}

function refused(problems: string[]): GiveUp {
  return new GiveUp('BadRequest', `The replication rules cannot be used: ${problems.join('; ')}.`);
}

/** zod's path leads to `rules[3]`; people know the rule by its name. */
function describeIssue(issue: { path: PropertyKey[]; message: string }, input: unknown): string {
  const [head, index, ...rest] = issue.path;
  if (head !== 'rules' || typeof index !== 'number')
    return [issue.path.join('.'), issue.message].filter(Boolean).join(': ');
  const rule = (input as { rules?: { name?: unknown }[] }).rules?.[index];
  const name = typeof rule?.name === 'string' ? `'${rule.name}'` : `number ${index + 1}`;
  return [`rule ${name}`, rest.join('.'), issue.message].filter(Boolean).join(': ');
}

function resolveStore(asked: string | StoreAddress | undefined, context: RulesContext): StoreAddress {
  const { stores = {}, defaultStore, resolve = (store) => store } = context;
  if (typeof asked === 'object') return resolve(asked);
  const found = asked === undefined ? defaultStore : Object.hasOwn(stores, asked) ? stores[asked] : undefined;
  if (found) return found;
  if (asked === undefined) throw new GiveUp('BadRequest', 'it names no store and there is no default store');
  throw new GiveUp(
    'BadRequest',
    `there is no store '${asked}'; there are: ${Object.keys(stores).join(', ') || 'none'}`,
  );
}

/** As people write it, for it is read again. */
function withAddress(rule: RuleConfig, { customerKeys, ...store }: StoreAddress): RulesInput['rules'][number] {
  const keys = customerKeys?.map(({ bucket = '', key, reference }) => ({
    objects: `s3://${bucket}/${key}`,
    key: reference,
  }));
  return { ...rule, source: { ...rule.source, store: { ...store, ...(keys && { customerKeys: keys }) } } };
}

function compileRoute(rule: RuleConfig, to: DestinationConfig, index: number, store: StoreAddress): Route {
  const source = { bucket: rule.source.bucket, prefix: rule.source.prefix };
  const template = compileTemplate(to.key, source);
  const starts = narrow(source.prefix, rule.filters.prefix);
  if (starts.length === 0)
    throw new GiveUp('BadRequest', 'no key can have both its source prefix and a prefix of its filters');
  const ends = rule.filters.suffix ?? [''];
  const narrowed = starts.map((prefix) => template.startFor(prefix));
  return {
    id: index === 0 ? rule.name : `${rule.name}#${index + 1}`,
    rule: rule.name,
    store,
    source,
    destination: { bucket: to.bucket },
    template,
    filters: compileFilters(rule.filters),
    options: {
      storageClass: to.storageClass,
      encryption: to.encryption,
      acl: to.acl,
      ...(rule.source.restore && { restore: rule.source.restore }),
    },
    metadata: to.metadata ?? {},
    deletes: rule.deletes,
    deleteMarkers: rule.deleteMarkers,
    ...(rule.canary && { canarySeconds: rule.canary.every }),
    looped: false,
    marked: rule.deletes === 'verified',
    reads: { bucket: placeOf(store, source.bucket), starts, ends },
    writes: { bucket: placeOf(store, to.bucket), starts: narrowed, ends: ends.map((end) => template.endFor(end)) },
  };
}
