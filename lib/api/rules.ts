import type { ApiResponse } from './http/http.ts';
import { jsonResponse } from './http/http.ts';
import type { Call } from './model/deps.ts';
import { seesRule, viewRule } from './views/rule.ts';

/** All rules that the caller may see, in the order of the configuration. */
export async function listRules({ deps, caller }: Call): Promise<ApiResponse> {
  const { stores, rules } = deps;
  const statuses = (await rules?.()) ?? [];
  const seen = statuses.filter((rule) => seesRule(caller, rule, stores));
  return jsonResponse(200, { rules: seen.map((rule) => viewRule(rule, stores)) });
}
