import { readFile } from 'node:fs/promises';
import type { WorkPlace } from '../../batch/index.ts';
import type { Config, Env } from '../../config/env.ts';
import { addressOf } from '../../config/env.ts';
import type { ServeConfig } from '../../config/file.ts';
import { loadServeConfig } from '../../config/load.ts';
import { GiveUp } from '../../copy/model/errors.ts';

/** Where the stack keeps things; `serverless.ts` sets these variables. */
const variables = {
  table: 'FERRY_TABLE',
  partsQueue: 'FERRY_PARTS_QUEUE_URL',
  tasksQueue: 'FERRY_TASKS_QUEUE_URL',
  eventsQueue: 'FERRY_EVENTS_QUEUE_URL',
} as const;

/** `s3://bucket/prefix/`, where batches are kept; without it a batch has to name a place. */
const workVariable = 'FERRY_WORK';
const fileVariable = 'FERRY_CONFIG';
const defaultFile = 'ferry.yaml';

export interface AwsConfig {
  /** Name of the DynamoDB table and URLs of the queues. */
  places: Record<keyof typeof variables, string> & { workFolder?: string };
  config: Config;
  /** Callers, rules and stores; empty when there is no file. */
  file: ServeConfig;
}

/** @throws GiveUp BadRequest that names the variable, or every problem of the file by its place. */
export async function readAwsConfig(env: Env): Promise<AwsConfig> {
  const text = await readText(env);
  const alsoKnown = [...Object.values(variables), workVariable, fileVariable];
  const { config, file } = await loadServeConfig(env, text, { alsoKnown });
  const need = (name: string): string => {
    const value = env[name];
    if (value) return value;
    throw new GiveUp(
      'BadRequest',
      `The environment variable ${name} is not set; deploy with serverless.ts, which sets it.`,
    );
  };
  const places = {
    table: need(variables.table),
    partsQueue: need(variables.partsQueue),
    tasksQueue: need(variables.tasksQueue),
    eventsQueue: need(variables.eventsQueue),
    workFolder: env[workVariable] || undefined,
  };
  return { places, config, file };
}

async function readText(env: Env): Promise<string> {
  const named = env[fileVariable];
  try {
    return await readFile(named || defaultFile, 'utf8');
  } catch (error) {
    if (!named && (error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new GiveUp('BadRequest', `The configuration file ${named || defaultFile} cannot be read.`, { cause: error });
  }
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
