import type { Config, Env } from '../../config/env.ts';
import type { ServeConfig } from '../../config/file.ts';
import { loadServeConfig } from '../../config/load.ts';
import { fileVariable, needVariable, readConfigFile, workVariable } from '../shared/cloud-config.ts';

/** Where the stack keeps things; `alibaba.ts` sets these variables. */
const variables = {
  instance: 'FERRY_TABLESTORE_INSTANCE',
  table: 'FERRY_TABLE',
  partsFunction: 'FERRY_PARTS_FUNCTION',
  workFunction: 'FERRY_WORK_FUNCTION',
} as const;

/** Base URLs, where they are not the public ones of the region: Tablestore, and Function Compute's API. */
const tableEndpointVariable = 'FERRY_TABLESTORE_ENDPOINT';
const apiEndpointVariable = 'FERRY_FC_ENDPOINT';
/** Seconds an invocation may run: for the runtimes whose requests do not tell. And the function's file: the server reads them. */
const serverVariables = ['FERRY_TIMEOUT', 'FERRY_FUNCTION'];

export interface AlibabaConfig {
  places: Record<keyof typeof variables, string> & {
    tableEndpoint: string;
    apiEndpoint: string;
    /** This function, to which messages that come again are sent. */
    ownFunction: string;
    region: string;
    workFolder?: string;
  };
  config: Config;
  /** Callers, rules and stores; empty when there is no file. */
  file: ServeConfig;
  /** OSS is reached inside the region because the settings say nothing else: buckets of other regions need the public endpoint. */
  internalByDefault: boolean;
}

/** @throws GiveUp BadRequest that names the variable, or every problem of the file by its place. */
export async function readAlibabaConfig(env: Env): Promise<AlibabaConfig> {
  const need = (name: string): string => needVariable(env, name, 'alibaba.ts');
  const region = env['FC_REGION'] || need('OSS_REGION');
  const text = await readConfigFile(env);
  const own = [...Object.values(variables), workVariable, fileVariable, tableEndpointVariable, apiEndpointVariable];
  const internalByDefault = !env['OSS_ENDPOINT'] && !env['FERRY_OSS_INTERNAL'];
  const withDefaults: Env = {
    ...env,
    OSS_REGION: env['OSS_REGION'] || region,
    // Without traffic fees; and accounts of mainland China may not use the public endpoint for data since 2025.
    ...(internalByDefault && { FERRY_OSS_INTERNAL: 'true' }),
  };
  const { config, file } = await loadServeConfig(withDefaults, text, { alsoKnown: [...own, ...serverVariables] });
  const instance = need(variables.instance);
  const places = {
    instance,
    table: need(variables.table),
    partsFunction: need(variables.partsFunction),
    workFunction: need(variables.workFunction),
    tableEndpoint: env[tableEndpointVariable] || `https://${instance}.${region}.ots.aliyuncs.com`,
    apiEndpoint: env[apiEndpointVariable] || `https://fcv3.${region}.aliyuncs.com`,
    ownFunction: env['FC_FUNCTION_NAME'] || need('FC_FUNCTION_NAME'),
    region,
    workFolder: env[workVariable] || undefined,
  };
  return { places, config, file, internalByDefault };
}
