/** What the configurations of the clouds have in common. */
import { readFile } from 'node:fs/promises';
import type { WorkPlace } from '../../batch/index.ts';
import type { Config, Env } from '../../config/env.ts';
import { addressOf } from '../../config/env.ts';
import { GiveUp } from '../../copy/model/errors.ts';

/** `oss://bucket/prefix/` or `s3://bucket/prefix/`, where batches are kept; without it a batch has to name a place. */
export const workVariable = 'FERRY_WORK';
export const fileVariable = 'FERRY_CONFIG';
const defaultFile = 'ferry.yaml';

/**
 * Text of the file with callers, rules and stores; empty when there is none.
 * @throws GiveUp BadRequest for a file that was named and cannot be read.
 */
export async function readConfigFile(env: Env): Promise<string> {
  const named = env[fileVariable];
  try {
    return await readFile(named || defaultFile, 'utf8');
  } catch (error) {
    if (!named && (error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new GiveUp('BadRequest', `The configuration file ${named || defaultFile} cannot be read.`, { cause: error });
  }
}

/** @throws GiveUp BadRequest that names the variable and what sets it. */
export function needVariable(env: Env, name: string, setBy: string): string {
  const value = env[name];
  if (value) return value;
  throw new GiveUp('BadRequest', `The environment variable ${name} is not set; deploy with ${setBy}, which sets it.`);
}

/** @throws GiveUp BadRequest for what is no `oss://bucket/prefix/` or `s3://bucket/prefix/`. */
export function workBucket(url: string, config: Config): WorkPlace {
  const {
    scheme,
    bucket,
    prefix = '',
  } = /^(?<scheme>oss|s3):\/\/(?<bucket>[^/]+)(?:\/(?<prefix>.*))?$/.exec(url)?.groups ?? {};
  if ((scheme !== 'oss' && scheme !== 's3') || !bucket || (prefix !== '' && !prefix.endsWith('/'))) {
    throw new GiveUp('BadRequest', `${workVariable} must look like s3://bucket/prefix/, got '${url}'.`);
  }
  return { kind: 'bucket', store: addressOf(config, scheme), bucket, prefix };
}
