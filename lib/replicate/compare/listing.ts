import { GiveUp } from '../../copy/model/errors.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { Route } from '../rules/route.ts';
import type { RuleSet } from '../rules/rules.ts';

/** One line of a bucket listing. */
export interface Listed {
  key: string;
  size: number;
  etag: string;
  /** Epoch milliseconds. */
  lastModified: number;
}

/** Lists a bucket in the order of the keys' UTF-8 bytes, as OSS and S3 do; pages are the lister's affair. */
export type List = (
  store: StoreAddress,
  bucket: string,
  options: { prefix: string; startAfter?: string },
) => AsyncIterable<Listed>;

/** The routes of a rule. @throws GiveUp BadRequest when there is no such rule. */
export function routesOfRule(rules: RuleSet, rule: string): Route[] {
  const routes = rules.routes.filter((route) => route.rule === rule);
  if (routes.length > 0) return routes;
  const known = [...new Set(rules.routes.map((route) => route.rule))].join(', ');
  throw new GiveUp('BadRequest', `There is no replication rule '${rule}'; there are: ${known || 'none'}.`);
}

/** Runs `work` over a stream, at most `limit` at a time; what comes later is not read before there is room. */
export async function forEachOf<T>(
  items: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  for await (const item of items) {
    const one = work(item)
      .catch((error: unknown) => void (failure ??= { error }))
      .finally(() => running.delete(one));
    running.add(one);
    if (running.size >= limit) await Promise.race(running);
    if (failure) break;
  }
  await Promise.all(running);
  if (failure) throw failure.error;
}
