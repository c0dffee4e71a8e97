/** Which buckets a service works with, and for whom. */
import type { Caller } from '../../api/callers/callers.ts';
import type { Stores } from '../../api/callers/object-url.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';

export interface Place {
  store: StoreAddress;
  bucket: string;
  /** Keys start with this: a policy may be about these alone. */
  prefix: string;
  /** Objects are written here. */
  writes: boolean;
  /** Names of the rules and callers that need it. */
  rules: string[];
  callers: string[];
}

/** Each place once, of rules first. */
export function placesOf(rules: RuleSet, callers: readonly Pick<Caller, 'name' | 'policy'>[], stores: Stores): Place[] {
  const found = new Map<string, Place>();
  const add = (
    at: Pick<Place, 'store' | 'bucket' | 'prefix' | 'writes'>,
    whose: Partial<Pick<Place, 'rules' | 'callers'>>,
  ): void => {
    const key = JSON.stringify([at.store, at.bucket, at.prefix, at.writes]);
    const place = found.get(key) ?? { ...at, rules: [], callers: [] };
    for (const name of whose.rules ?? []) if (!place.rules.includes(name)) place.rules.push(name);
    for (const name of whose.callers ?? []) if (!place.callers.includes(name)) place.callers.push(name);
    found.set(key, place);
  };
  for (const { rule, store, source, destination, template } of rules.routes) {
    add({ store, bucket: source.bucket, prefix: source.prefix, writes: false }, { rules: [rule] });
    const prefix = template.startFor(source.prefix);
    add({ store, bucket: destination.bucket, prefix, writes: true }, { rules: [rule] });
  }
  for (const { name, policy } of callers) {
    for (const [areas, writes] of [
      [policy.read, false],
      [policy.write, true],
    ] as const) {
      for (const area of areas) {
        const [, store = '', bucket = '', prefix = ''] = /^([^:]*):\/\/([^/]*)\/([^]*)$/.exec(area) ?? [];
        const address = Object.hasOwn(stores, store) ? stores[store] : undefined;
        if (address && bucket !== '') add({ store: address, bucket, prefix, writes }, { callers: [name] });
      }
    }
  }
  return [...found.values()];
}

/** `rule all, caller ops: s3://backup/photos/`. */
export function nameOf({ store, bucket, prefix, rules, callers }: Place): string {
  const whose = [...rules.map((name) => `rule ${name}`), ...callers.map((name) => `caller ${name}`)];
  return `${whose.join(', ')}: ${store.scheme}://${bucket}/${prefix}`;
}
