/** `replicate` and `reconcile` of a replication rule, in the words of `lib/batch`. */
import type { BatchInput, RuleMode, RuleRequest } from '../../batch/index.ts';
import { present } from '../../copy/model/omit-undefined.ts';
import { routesOfRule, type RuleSet } from '../../replicate/rules/rules.ts';
import { atOnce } from './many-request.ts';

export interface RuleCommand extends Pick<RuleRequest, 'name' | 'fix' | 'removeExtra' | 'metadata'> {
  mode: RuleMode;
  /** Objects at once. */
  objects: number;
}

/** @throws GiveUp BadRequest for an unknown rule. */
export function ruleRequest(rules: RuleSet, { mode, objects, ...rule }: RuleCommand): BatchInput {
  const routes = routesOfRule(rules, rule.name);
  const [{ store, source, options }] = routes as [(typeof routes)[0]];
  const destinations = routes.map(({ destination, template }) => ({
    bucket: destination.bucket,
    key: template.startFor(source.prefix),
  }));
  return {
    mode,
    store,
    source: { kind: 'prefix', ...source },
    rule: present({ ...rule, destinations }),
    // The price is that of the class that is written.
    options: present({ storageClass: options.storageClass }),
    ...atOnce(objects),
  };
}
