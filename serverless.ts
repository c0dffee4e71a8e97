/** The stack on AWS, for `npx serverless deploy --stage NAME`. What differs between stages is in `stages`; docs/aws.md explains. */
import { parseArgs } from 'node:util';
import type { AWS } from '@serverless/typescript';
import { dueIndex, listIndex, tableShape, ttlAttribute } from './lib/state/dynamodb-table.ts';

interface Stage {
  region: NonNullable<AWS['provider']['region']>;
  /** Buckets whose objects are read, and whose events are taken. */
  read: string[];
  /** Buckets that objects are written to and, for a rename, deleted from. */
  write: string[];
  /**
   * Where batches keep pages, results and report: `s3://bucket/prefix/`, best a bucket of its own, for below `read` each of these
   * files would be an event. Without it every batch has to name a place below `write`.
   */
  work?: `s3://${string}/`;
  /** ARNs of KMS keys that objects in these buckets are encrypted with. */
  kmsKeys?: string[];
  /** Part tasks worked on at once, 2 to 1,000; each copies the parts of its task side by side. */
  partsAtOnce: number;
  /** Events, and tasks that are no parts, worked on at once, 2 to 1,000. */
  othersAtOnce: number;
  /** Requests of the HTTP API: a second, and at once after a pause. What comes faster is answered 429 by API Gateway. */
  requestsPerSecond: number;
  requestBurst: number;
  /**
   * Requests of the HTTP API worked on at once; so many of the account's concurrent executions are kept for it, and it gets no
   * more. AWS wants 100 of an account's to stay unreserved: leave it out where the account has no more than that.
   */
  apiAtOnce?: number;
  /** ARN of an SNS topic for alarms; without one they only show in CloudWatch. */
  alarmTopic?: string;
  /** Values of `env:NAME` in ferry.yaml, best as `{{resolve:secretsmanager:...}}`, and engine settings such as FERRY_CONCURRENCY. */
  environment?: Record<string, string>;
}

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
  },
};
const service = 'object-ferry';
const { values: flags } = parseArgs({
  options: { stage: { type: 'string', short: 's', default: 'dev' } },
  strict: false,
});
const stageName = String(flags.stage);
const stage = stages[stageName] as Stage;
if (!stage) throw new Error(`serverless.ts has no stage '${stageName}'; it has ${Object.keys(stages).join(', ')}.`);

/** Seconds. A part task needs FERRY_PART_RESERVE_MS (one minute) and more; API Gateway waits for 30 at most. */
const timeouts = { api: 29, objectCreated: 120, work: 300, sweep: 60 };
type FunctionName = keyof typeof timeouts;

/** AWS asks for a visibility timeout of six times the function's. The function shortens it for messages that should come again sooner. */
const queues = {
  Events: { timeout: timeouts.objectCreated, maxReceiveCount: 20 },
  Tasks: { timeout: timeouts.work, maxReceiveCount: 12 },
  Parts: { timeout: timeouts.work, maxReceiveCount: 12 },
};
type Queue = keyof typeof queues;

const days = 86_400;
const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const sub = (text: string) => ({ 'Fn::Sub': text });
const bucketArns = (buckets: string[]) => buckets.map((name) => sub(`arn:\${AWS::Partition}:s3:::${name}`));
const objectArns = (buckets: string[]) => buckets.map((name) => sub(`arn:\${AWS::Partition}:s3:::${name}/*`));
const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
const functionName = (name: FunctionName) => `${service}-${stageName}-${name}`;

interface Statement {
  Effect: 'Allow';
  Action: string[];
  Resource: unknown[];
  Condition?: object;
}
const allow = (Action: string[], Resource: unknown[]): Statement => ({ Effect: 'Allow', Action, Resource });

/** What every function does; the sweep alone deletes no objects. */
const objects = (deletes: boolean): Statement[] => {
  const { read, write, kmsKeys = [] } = stage;
  const both = [...new Set([...read, ...write])];
  const writes = ['s3:PutObject', 's3:PutObjectTagging', 's3:PutObjectAcl', 's3:AbortMultipartUpload'];
  if (deletes) writes.push('s3:DeleteObject');
  return [
    allow(
      ['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectTagging', 's3:GetObjectVersionTagging', 's3:GetObjectAcl'],
      objectArns(both),
    ),
    allow(['s3:ListBucket'], bucketArns(both)),
    allow([...writes, 's3:ListMultipartUploadParts'], objectArns(write)),
    allow(['s3:ListBucketMultipartUploads'], bucketArns(write)),
    ...(kmsKeys.length > 0 ? [allow(['kms:Decrypt', 'kms:GenerateDataKey'], kmsKeys)] : []),
  ];
};

/** As `lib/store/work-bucket.ts` uses it: nothing is deleted there. The sweep only looks which files there are. */
function workFolder(use: 'list' | 'all'): Statement[] {
  const { work } = stage;
  if (work === undefined) return [];
  const [, bucket, prefix] = /^s3:\/\/([^/]+)\/((?:.*\/)?)$/.exec(work) ?? [];
  if (!bucket) throw new Error(`The work folder of stage '${stageName}' must be like s3://bucket/prefix/: ${work}`);
  // IfExists: a GET names no prefix, and without this permission S3 answers 403 instead of 404 for what is not there.
  const Condition = { StringLikeIfExists: { 's3:prefix': [`${prefix}*`] } };
  const list = { ...allow(['s3:ListBucket'], bucketArns([bucket])), Condition };
  if (use === 'list') return [list];
  return [list, allow(['s3:GetObject', 's3:PutObject'], bucketArns([`${bucket}/${prefix}*`]))];
}

const change = ['dynamodb:GetItem', 'dynamodb:UpdateItem'];
const rows = (actions: string[]) => allow(actions, [arnOf('JobTable')]);
const index = (name: string) => allow(['dynamodb:Query'], [sub(`\${JobTable.Arn}/index/${name}`)]);
const send = allow(['sqs:SendMessage'], [arnOf('TasksQueue'), arnOf('PartsQueue')]);
const receive = (...names: Queue[]) =>
  allow(
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
    names.map((name) => arnOf(`${name}Queue`)),
  );

const statements: Record<FunctionName, Statement[]> = {
  api: [...objects(true), ...workFolder('all'), rows([...change, 'dynamodb:PutItem']), index(listIndex), send],
  objectCreated: [...objects(true), rows([...change, 'dynamodb:PutItem']), send, receive('Events')],
  work: [
    ...objects(true),
    ...workFolder('all'),
    rows([...change, 'dynamodb:PutItem']),
    send,
    receive('Tasks', 'Parts'),
  ],
  sweep: [...objects(false), ...workFolder('list'), rows(change), index(dueIndex), send],
};

function role(name: FunctionName) {
  const logs = sub(
    `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${functionName(name)}:*`,
  );
  const always = [
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logs]),
    // X-Ray knows no resources.
    allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']),
  ];
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const PolicyDocument = { Version: '2012-10-17', Statement: [...always, ...statements[name]] };
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [trust] },
      Policies: [{ PolicyName: 'own', PolicyDocument }],
    },
  };
}

function queueAndDeadLetters(name: Queue): [string, { Type: string; Properties: object }][] {
  const { timeout, maxReceiveCount } = queues[name];
  const RedrivePolicy = { deadLetterTargetArn: arnOf(`${name}DeadLetters`), maxReceiveCount };
  const queue = { VisibilityTimeout: 6 * timeout, MessageRetentionPeriod: 4 * days, RedrivePolicy };
  return [
    [`${name}Queue`, { Type: 'AWS::SQS::Queue', Properties: queue }],
    // A dead letter keeps the age it had, so this is longer than the queue's own.
    [`${name}DeadLetters`, { Type: 'AWS::SQS::Queue', Properties: { MessageRetentionPeriod: 14 * days } }],
  ];
}

const from = (Service: string, Condition: object) => ({
  Effect: 'Allow',
  Principal: { Service },
  Action: 'sqs:SendMessage',
  Resource: arnOf('EventsQueue'),
  Condition,
});

function alarm(AlarmDescription: string, metric: Record<string, unknown>) {
  const { alarmTopic } = stage;
  const Properties = {
    AlarmDescription,
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 0,
    EvaluationPeriods: 1,
    Period: 300,
    TreatMissingData: 'notBreaching',
    ...metric,
    ...(alarmTopic && { AlarmActions: [alarmTopic], OKActions: [alarmTopic] }),
  };
  return { Type: 'AWS::CloudWatch::Alarm', Properties };
}

function queueAlarms(name: Queue): [string, ReturnType<typeof alarm>][] {
  const of = (id: string) => ({
    Namespace: 'AWS/SQS',
    Statistic: 'Maximum',
    Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [id, 'QueueName'] } }],
  });
  const dead = { MetricName: 'ApproximateNumberOfMessagesVisible', ...of(`${name}DeadLetters`) };
  const age = { MetricName: 'ApproximateAgeOfOldestMessage', ...of(`${name}Queue`), Threshold: 3600 };
  return [
    [`${name}DeadLettersAlarm`, alarm(`${name}: there are dead letters; see docs/aws.md, Redrive.`, dead)],
    [`${name}AgeAlarm`, alarm(`${name}: the oldest message has waited for more than an hour.`, age)],
  ];
}

/** Metric of the log line that `lib/copy/row/move.ts` writes when a job ends. */
const failedJobs = { MetricNamespace: `${service}/${stageName}`, MetricName: 'FailedJobs' };

function functionWatch(name: FunctionName): [string, { Type: string; Properties: object }][] {
  const Dimensions = [{ Name: 'FunctionName', Value: functionName(name) }];
  const errors = { Namespace: 'AWS/Lambda', MetricName: 'Errors', Statistic: 'Sum', Dimensions };
  const filter = {
    LogGroupName: { Ref: `${capital(name)}LogGroup` },
    FilterPattern: '{ $.message = "job failed" }',
    MetricTransformations: [{ ...failedJobs, MetricValue: '1' }],
  };
  return [
    [`${capital(name)}ErrorsAlarm`, alarm(`${name}: an invocation failed or ran out of time.`, errors)],
    [`${capital(name)}FailedJobs`, { Type: 'AWS::Logs::MetricFilter', Properties: filter }],
  ];
}

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
const functionNames = Object.keys(timeouts) as FunctionName[];
const queueNames = Object.keys(queues) as Queue[];

/** `npm run offline` has no stack: what the shell says of FERRY_ goes before the references to it. */
const isOffline = process.argv.includes('offline');
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
      JobTable: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          ...tableShape,
          TimeToLiveSpecification: { AttributeName: ttlAttribute, Enabled: true },
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        },
      },
      EventsQueuePolicy: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: {
          Queues: [{ Ref: 'EventsQueue' }],
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              from('s3.amazonaws.com', {
                StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
                ArnEquals: { 'aws:SourceArn': bucketArns(stage.read) },
              }),
              from('events.amazonaws.com', { ArnEquals: { 'aws:SourceArn': arnOf('ObjectEvents') } }),
            ],
          },
        },
      },
      ObjectEvents: {
        Type: 'AWS::Events::Rule',
        Properties: {
          EventPattern: {
            source: ['aws.s3'],
            'detail-type': ['Object Created', 'Object Deleted'],
            detail: { bucket: { name: stage.read } },
          },
          Targets: [{ Id: 'events-queue', Arn: arnOf('EventsQueue') }],
        },
      },
      ...Object.fromEntries(functionNames.map((name) => [`${capital(name)}Role`, role(name)])),
      ...Object.fromEntries(queueNames.flatMap(queueAndDeadLetters)),
      ...Object.fromEntries(queueNames.flatMap(queueAlarms)),
      ...Object.fromEntries(functionNames.flatMap(functionWatch)),
      FailedJobsAlarm: alarm('A job has failed; `message = "job failed"` in the logs tells which.', {
        Namespace: failedJobs.MetricNamespace,
        MetricName: failedJobs.MetricName,
        Statistic: 'Sum',
      }),
    },
    Outputs: { EventsQueueArn: { Value: arnOf('EventsQueue') } },
  },
};

export default config;
