import type { Config, Scheme } from '../../config/env.ts';
import type { Io } from '../process/io.ts';

/** Without a URL: the stores that have the profile, else those that the environment speaks of, else both. */
export function schemesInUse(env: Io['env'], { stores }: Config, profile: string | undefined): Scheme[] {
  const both = ['oss', 's3'] as const;
  const speaksOf = (prefix: string) => Object.keys(env).some((name) => name.startsWith(prefix) && env[name]);
  const named = both.filter((scheme) =>
    profile === undefined ? speaksOf(scheme === 'oss' ? 'OSS' : 'AWS_') : !stores[scheme].refusal,
  );
  return named.length > 0 ? named : [...both];
}
