/** Refuses to package a stage whose `ferry.yaml` would not work there: the functions would only say so when the first event comes. */
import { readFileSync } from 'node:fs';
import { readServeConfig } from '../../lib/config/file.ts';
import type { Route } from '../../lib/replicate/rules/route.ts';
import type { NamedStage } from './stage.ts';

/** In place of a value that CloudFormation fetches: it has the form of each secret that the file may name. */
const fetched = `whsec_${'A'.repeat(32)}`;

/**
 * @param path of the file, as it is packaged
 * @throws Error that names each problem of the file, each `env:` name without a value, and each rule outside the stage's buckets.
 */
export function checkFile(stage: NamedStage, path: string): void {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(
      `Stage '${stage.name}' needs ${path}, which cannot be read (${String(error)}). docs/aws.md says what stands in it; \`rules: []\` is enough to begin with.`,
      { cause: error },
    );
  }
  const values = Object.entries(stage.environment ?? {}).map(([name, value]) => [
    name,
    value.includes('{{resolve:') ? fetched : value,
  ]);
  const { rules } = readServeConfig(text, Object.fromEntries(values));
  const problems = rules.routes.flatMap((route) => problemsOf(stage, route));
  if (problems.length > 0) {
    throw new Error(`${path} does not fit stage '${stage.name}' of serverless.ts:\n${problems.join('\n')}`);
  }
}

function problemsOf({ read, write, setsAcls, restores }: NamedStage, route: Route): string[] {
  const { rule, store, source, destination, options } = route;
  // Other stores are reached with keys of their own, whatever the roles of the functions allow.
  if (store.scheme !== 's3' || store.endpoint !== undefined || store.profile !== undefined) return [];
  const problems: string[] = [];
  const add = (text: string): void => void problems.push(`  rule '${rule}': ${text}`);
  if (!read.includes(source.bucket)) add(`its source ${source.bucket} is not among \`read\`: ${read.join(', ')}`);
  if (!write.includes(destination.bucket))
    add(`its destination ${destination.bucket} is not among \`write\`: ${write.join(', ')}`);
  if ((options.acl ?? 'default') !== 'default' && !setsAcls) add('`acl` needs `setsAcls: true`');
  if (options.restore && !restores) add('`restore` needs `restores: true`');
  return problems;
}
