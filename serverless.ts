/** The stack on AWS, for `npx serverless deploy --stage NAME`. What differs between stages is in `stages`; docs/aws.md explains. */
import { parseArgs } from 'node:util';
import type { AWS } from '@serverless/typescript';
import { checkFile } from './deploy/aws/check-file.ts';
import { role } from './deploy/aws/permissions.ts';
import type { Queue } from './deploy/aws/queues.ts';
import { queueResources } from './deploy/aws/queues.ts';
import type { FunctionName, NamedStage, Stage } from './deploy/aws/stage.ts';
import { arnOf, capital, functionNames, service, timeouts } from './deploy/aws/stage.ts';
import { table } from './deploy/aws/table.ts';
import { watchResources } from './deploy/aws/watch.ts';

const stages: Record<string, Stage> = {
  dev: {
    region: 'eu-central-1',
    read: ['ferry-dev-source'],
    write: ['ferry-dev-backup'],
    work: 's3://ferry-dev-work/batches/',
    partsAtOnce: 16,
    othersAtOnce: 8,
    requestsPerSecond: 20,
    requestBurst: 40,
    apiAtOnce: 10,
    keepTable: false,
  },
  prod: {
    region: 'eu-central-1',
    read: ['ferry-prod-source'],
    write: ['ferry-prod-backup'],
    work: 's3://ferry-prod-work/batches/',
    partsAtOnce: 64,
    othersAtOnce: 32,
    requestsPerSecond: 100,
    requestBurst: 200,
    apiAtOnce: 50,
    keepTable: true,
  },
};
const { values: flags } = parseArgs({
  options: { stage: { type: 'string', short: 's', default: 'dev' } },
  strict: false,
});
const stageName = String(flags.stage);
const found = stages[stageName];
if (!found) throw new Error(`serverless.ts has no stage '${stageName}'; it has ${Object.keys(stages).join(', ')}.`);
const stage: NamedStage = { name: stageName, ...found };

const lambda = (name: FunctionName, file: string) => ({
  handler: `dist/functions/${file}.handler`,
  timeout: timeouts[name],
  role: `${capital(name)}Role`,
  package: { patterns: [`dist/functions/${file}.mjs`, `dist/functions/${file}-later/**`, 'ferry.yaml'] },
});
const fromQueue = (name: Queue, maximumConcurrency: number, batchSize: number) => ({
  sqs: {
    arn: arnOf(`${name}Queue`) as { 'Fn::GetAtt': string[] },
    batchSize,
    maximumConcurrency,
    functionResponseType: 'ReportBatchItemFailures' as const,
  },
});

/** `npm run offline` has no stack: what the shell says of FERRY_ goes before the references to it. */
const isOffline = process.argv.includes('offline');
// What is removed, or only tried here, needs no file.
if (['package', 'deploy'].some((command) => process.argv.includes(command))) checkFile(stage, 'ferry.yaml');
const shell = Object.entries(process.env).filter(([name]) => isOffline && name.startsWith('FERRY_'));

const config: AWS = {
  service,
  frameworkVersion: '4',
  plugins: isOffline ? ['serverless-offline'] : [],
  provider: {
    name: 'aws',
    runtime: 'nodejs22.x',
    architecture: 'arm64',
    memorySize: 512,
    stage: stageName,
    region: stage.region,
    logRetentionInDays: 14,
    tracing: { lambda: true },
    // One line a request, also of those that are refused before a function hears of them. No header and no body stands in it.
    logs: { httpApi: true },
    environment: {
      FERRY_TABLE: { Ref: 'JobTable' },
      FERRY_PARTS_QUEUE_URL: { Ref: 'PartsQueue' },
      FERRY_TASKS_QUEUE_URL: { Ref: 'TasksQueue' },
      FERRY_EVENTS_QUEUE_URL: { Ref: 'EventsQueue' },
      // Tasks may wait their turn here, and a lost one is delivered again by the queue: the sweep need not hurry.
      FERRY_STALE_MS: '900000',
      ...(stage.work && { FERRY_WORK: stage.work }),
      ...(stage.ruleMetrics && { FERRY_RULE_METRICS: `${service}/${stageName}/rules` }),
      ...stage.environment,
      ...Object.fromEntries(shell),
    },
  },
  package: { individually: true, patterns: ['!**'] },
  functions: {
    api: {
      ...lambda('api', 'api'),
      ...(stage.apiAtOnce !== undefined && { reservedConcurrency: stage.apiAtOnce }),
      events: [{ httpApi: '*' }],
    },
    objectCreated: {
      ...lambda('objectCreated', 'object-created'),
      events: [fromQueue('Events', stage.othersAtOnce, 10)],
    },
    work: {
      ...lambda('work', 'work'),
      events: [fromQueue('Parts', stage.partsAtOnce, 1), fromQueue('Tasks', stage.othersAtOnce, 1)],
    },
    sweep: { ...lambda('sweep', 'sweep'), maximumRetryAttempts: 0, events: [{ schedule: 'rate(1 minute)' }] },
  },
  resources: {
    // The framework has no word for it.
    extensions: {
      HttpApiStage: {
        Properties: {
          DefaultRouteSettings: {
            ThrottlingRateLimit: stage.requestsPerSecond,
            ThrottlingBurstLimit: stage.requestBurst,
          },
        },
      },
    },
    Resources: {
      JobTable: table(stage),
      ...Object.fromEntries(functionNames.map((name) => [`${capital(name)}Role`, role(stage, name)])),
      ...queueResources(stage),
      ...watchResources(stage),
    },
    Outputs: { EventsQueueArn: { Value: arnOf('EventsQueue') } },
  },
};

export default config;
