/** The functions, how often each runs at once, and what becomes of what they cannot do. */
import { repeats } from '../../lib/runtime/alibaba/direct.ts';
import type { FunctionName, NamedStage, Resource, Resources } from './stage.ts';
import {
  capital,
  deadLetters,
  files,
  functionName,
  functionNames,
  get,
  keptFunctions,
  regionAndAccount,
  sub,
  tableName,
  timeouts,
} from './stage.ts';

/** Where the packed code lies; its name changes with its content. */
export interface Code {
  bucket: string;
  object: string;
}

export function functions(stage: NamedStage, code: Code): Resources {
  const each = functionNames.map((name) => [`${capital(name)}Function`, functionOf(stage, name, code)] as const);
  const limits = functionNames
    .filter((name) => name !== 'sweep')
    .map((name) => [`${capital(name)}Concurrency`, concurrency(stage, name)] as const);
  const asynchronous = [...keptFunctions, 'sweep' as const].map(
    (name) => [`${capital(name)}Async`, asyncConfig(stage, name)] as const,
  );
  return { ...Object.fromEntries([...each, ...limits, ...asynchronous]) };
}

function functionOf(stage: NamedStage, name: FunctionName, { bucket, object }: Code): Resource {
  const isCarried = stage.node === 'carried';
  const runtime = isCarried
    ? { Runtime: 'custom.debian11', Handler: 'bootstrap.handler', CustomRuntimeConfig: serverConfig }
    : { Runtime: 'nodejs20', Handler: `${files[name]}.handler` };
  return {
    Type: 'ALIYUN::FC3::Function',
    Properties: {
      FunctionName: functionName(stage, name),
      ...runtime,
      Code: { OssBucketName: bucket, OssObjectName: object },
      Cpu: 0.5,
      MemorySize: 512,
      DiskSize: 512,
      Timeout: timeouts[name],
      InstanceConcurrency: isCarried ? stage.invocationsPerInstance : 1,
      // For the API of Function Compute, and Tablestore's public endpoint.
      InternetAccess: true,
      Role: get(`${capital(name)}Role`, 'Arn'),
      LogConfig: {
        Project: get('LogProject', 'Name'),
        Logstore: get('Logstore', 'LogstoreName'),
        EnableRequestMetrics: true,
        EnableInstanceMetrics: true,
        LogBeginRule: 'None',
      },
      EnvironmentVariables: variables(stage, name),
    },
    DependsOn: ['LogIndex'],
  };
}

const serverConfig = { Command: ['/code/node', '/code/bootstrap.mjs'], Port: 9000 };

/** @throws Error when they have more than the service takes. */
function variables(stage: NamedStage, name: FunctionName): Record<string, unknown> {
  const all = {
    FERRY_FUNCTION: files[name],
    FERRY_TIMEOUT: String(timeouts[name]),
    FERRY_TABLESTORE_INSTANCE: get('Instance', 'InstanceName'),
    FERRY_TABLE: tableName,
    FERRY_PARTS_FUNCTION: functionName(stage, 'parts'),
    FERRY_WORK_FUNCTION: functionName(stage, 'work'),
    // Tasks may wait their turn, and a killed one is delivered again: the sweep need not hurry.
    FERRY_STALE_MS: '900000',
    ...(stage.work && { FERRY_WORK: stage.work }),
    ...stage.environment,
  };
  const bytes = Buffer.byteLength(JSON.stringify(all));
  if (bytes > 4096) {
    throw new Error(
      `The variables of ${name} have ${bytes} bytes; Function Compute takes 4096. Shorten 'environment'.`,
    );
  }
  return all;
}

/** Instances that the function may have; part tasks must not starve the rest, nor the rest them. */
function concurrency(stage: NamedStage, name: FunctionName): Resource {
  const { partsAtOnce, othersAtOnce, apiAtOnce, invocationsPerInstance } = stage;
  const atOnce = name === 'parts' ? partsAtOnce : name === 'api' ? apiAtOnce : othersAtOnce;
  return {
    Type: 'ALIYUN::FC3::ConcurrencyConfig',
    Properties: {
      FunctionName: get(`${capital(name)}Function`, 'FunctionName'),
      ReservedConcurrency: Math.ceil(atOnce / invocationsPerInstance),
    },
  };
}

function asyncConfig(stage: NamedStage, name: FunctionName): Resource {
  const isKept = keptFunctions.includes(name);
  const Destination = sub(`acs:mns:${regionAndAccount}:/queues/${deadLetters(stage)}/messages`);
  return {
    Type: 'ALIYUN::FC3::AsyncInvokeConfig',
    Properties: {
      FunctionName: get(`${capital(name)}Function`, 'FunctionName'),
      // The sweep may be sent the same task again, so a task has no id that the platform would hold against it.
      AsyncTask: false,
      MaxAsyncRetryAttempts: isKept ? repeats : 0,
      MaxAsyncEventAgeInSeconds: isKept ? 86_400 : 60,
      ...(isKept && { DestinationConfig: { OnFailure: { Destination } } }),
    },
    ...(isKept && { DependsOn: ['DeadLetters'] }),
  };
}
