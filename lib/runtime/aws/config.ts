import type { Config, Env } from '../../config/env.ts';
import type { ServeConfig } from '../../config/file.ts';
import { loadServeConfig } from '../../config/load.ts';
import { fileVariable, needVariable, readConfigFile, workVariable } from '../shared/cloud-config.ts';

/** Where the stack keeps things; `serverless.ts` sets these variables. */
const variables = {
  table: 'FERRY_TABLE',
  partsQueue: 'FERRY_PARTS_QUEUE_URL',
  tasksQueue: 'FERRY_TASKS_QUEUE_URL',
  eventsQueue: 'FERRY_EVENTS_QUEUE_URL',
} as const;

/** Set by `ruleMetrics` of a stage. */
const metricsVariable = 'FERRY_RULE_METRICS';

export interface AwsConfig {
  /** Name of the DynamoDB table and URLs of the queues. */
  places: Record<keyof typeof variables, string> & { workFolder?: string };
  /** CloudWatch namespace for figures of rules; absent: none are written. */
  metrics?: string;
  config: Config;
  /** Callers, rules and stores; empty when there is no file. */
  file: ServeConfig;
}

/** @throws GiveUp BadRequest that names the variable, or every problem of the file by its place. */
export async function readAwsConfig(env: Env): Promise<AwsConfig> {
  const text = await readConfigFile(env);
  const alsoKnown = [...Object.values(variables), workVariable, fileVariable, metricsVariable];
  const { config, file } = await loadServeConfig(env, text, { alsoKnown });
  const need = (name: string): string => needVariable(env, name, 'serverless.ts');
  const places = {
    table: need(variables.table),
    partsQueue: need(variables.partsQueue),
    tasksQueue: need(variables.tasksQueue),
    eventsQueue: need(variables.eventsQueue),
    workFolder: env[workVariable] || undefined,
  };
  return { places, config, file, metrics: env[metricsVariable] || undefined };
}
