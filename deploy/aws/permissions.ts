/** What each function may do. */
import { dueIndex, listIndex } from '../../lib/state/dynamodb/schema.ts';
import type { Queue } from './queues.ts';
import type { FunctionName, NamedStage } from './stage.ts';
import { arnOf, bucketArns, functionName, objectArns, sub } from './stage.ts';

interface Statement {
  Effect: 'Allow';
  Action: string[];
  Resource: unknown[];
  Condition?: object;
}
const allow = (Action: string[], Resource: unknown[]): Statement => ({ Effect: 'Allow', Action, Resource });

/** What every function does; the sweep alone deletes no objects. */
function objects(stage: NamedStage, deletes: boolean): Statement[] {
  const { read, write, kmsKeys = [], setsAcls, restores } = stage;
  const both = [...new Set([...read, ...write])];
  const writes = ['s3:PutObject', 's3:PutObjectTagging', 's3:AbortMultipartUpload', 's3:PutObjectAnnotation'];
  // Without the first two HEAD does not show a lock, and what is not shown is neither carried nor named as lost.
  const locks = ['s3:GetObjectRetention', 's3:GetObjectLegalHold'];
  writes.push('s3:PutObjectRetention', 's3:PutObjectLegalHold');
  if (setsAcls) writes.push('s3:PutObjectAcl');
  const restoring = restores ? [allow(['s3:RestoreObject'], objectArns(both))] : [];
  if (deletes) writes.push('s3:DeleteObject');
  return [
    allow(
      [
        ...[
          's3:GetObject',
          's3:GetObjectVersion',
          's3:GetObjectTagging',
          's3:GetObjectVersionTagging',
          's3:GetObjectAcl',
        ],
        ...['s3:ListObjectAnnotations', 's3:GetObjectAnnotation', ...locks],
      ],
      objectArns(both),
    ),
    allow(['s3:ListBucket'], bucketArns(both)),
    allow([...writes, 's3:ListMultipartUploadParts'], objectArns(write)),
    allow(['s3:ListBucketMultipartUploads', 's3:GetBucketObjectLockConfiguration'], bucketArns(write)),
    ...restoring,
    ...(kmsKeys.length > 0 ? [useKeys(kmsKeys, ['s3'])] : []),
  ];
}

/** The keys are used by those services only, on our behalf; in any region, for buckets may be in others. */
function useKeys(keys: string[], services: string[]): Statement {
  const Condition = { StringLike: { 'kms:ViaService': services.map((name) => `${name}.*.amazonaws.com*`) } };
  return { ...allow(['kms:Decrypt', 'kms:GenerateDataKey'], keys), Condition };
}

/** As `lib/store/work-bucket.ts` uses it: nothing is deleted there. The sweep only looks which files there are. */
function workFolder({ name, work }: NamedStage, use: 'list' | 'all'): Statement[] {
  if (work === undefined) return [];
  const [, bucket, prefix] = /^s3:\/\/([^/]+)\/((?:.*\/)?)$/.exec(work) ?? [];
  if (!bucket) throw new Error(`The work folder of stage '${name}' must be like s3://bucket/prefix/: ${work}`);
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

const statements: Record<FunctionName, (stage: NamedStage) => Statement[]> = {
  api: (stage) => [
    ...objects(stage, true),
    ...workFolder(stage, 'all'),
    rows([...change, 'dynamodb:PutItem']),
    index(listIndex),
    send,
  ],
  objectCreated: (stage) => [...objects(stage, true), rows([...change, 'dynamodb:PutItem']), send, receive('Events')],
  work: (stage) => [
    ...objects(stage, true),
    ...workFolder(stage, 'all'),
    rows([...change, 'dynamodb:PutItem']),
    send,
    receive('Tasks', 'Parts'),
  ],
  sweep: (stage) => [...objects(stage, false), ...workFolder(stage, 'list'), rows(change), index(dueIndex), send],
};

/** The role of one function: what it does and nothing else. */
export function role(stage: NamedStage, name: FunctionName) {
  const logs = sub(
    `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${functionName(stage, name)}:*`,
  );
  const always = [
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logs]),
    // X-Ray knows no resources.
    allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']),
  ];
  const ownKey = stage.ownKey ? [useKeys([stage.ownKey], ['sqs', 'dynamodb'])] : [];
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const PolicyDocument = { Version: '2012-10-17', Statement: [...always, ...ownKey, ...statements[name](stage)] };
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [trust] },
      Policies: [{ PolicyName: 'own', PolicyDocument }],
    },
  };
}
