/** What each function may do. */
import { tableDefinition } from '../../lib/state/tablestore/schema.ts';
import type { FunctionName, NamedStage, Resource, Resources } from './stage.ts';
import {
  capital,
  deadLetters,
  functionName,
  functionNames,
  keptFunctions,
  logstore,
  regionAndAccount,
  roleName,
  service,
  sub,
  tableName,
} from './stage.ts';

export interface Statement {
  Effect: 'Allow';
  Action: string[];
  Resource: unknown[];
  Condition?: object;
}
const allow = (Action: string[], Resource: unknown[]): Statement => ({ Effect: 'Allow', Action, Resource });

const buckets = (names: string[]) => names.map((name) => `acs:oss:*:*:${name}`);
const objects = (names: string[]) => names.map((name) => `acs:oss:*:*:${name}/*`);

/** What every function does with objects; those that only copy parts or revive jobs delete none. */
function store(stage: NamedStage, deletes: boolean): Statement[] {
  const { read, write, kmsKeys = [], setsAcls, restores } = stage;
  const both = [...new Set([...read, ...write])];
  const writes = ['oss:PutObject', 'oss:PutObjectTagging', 'oss:AbortMultipartUpload', 'oss:ListParts'];
  if (setsAcls) writes.push('oss:PutObjectAcl');
  const restoring = restores ? [allow(['oss:RestoreObject'], objects(both))] : [];
  if (deletes) writes.push('oss:DeleteObject');
  return [
    allow(
      [
        'oss:GetObject',
        'oss:GetObjectVersion',
        'oss:GetObjectTagging',
        'oss:GetObjectVersionTagging',
        'oss:GetObjectAcl',
      ],
      objects(both),
    ),
    allow(['oss:ListObjects', 'oss:GetBucketInfo'], buckets(both)),
    allow(writes, objects(write)),
    allow(['oss:ListMultipartUploads'], buckets(write)),
    ...restoring,
    ...(kmsKeys.length > 0 ? [allow(['kms:Decrypt', 'kms:GenerateDataKey'], kmsKeys.map(keyArn))] : []),
  ];
}

const keyArn = (id: string) => sub(`acs:kms:${regionAndAccount}:key/${id}`);

/** As `lib/store/work-bucket.ts` uses it: nothing is deleted there. The sweep only looks which files there are. */
function workFolder({ work }: NamedStage, use: 'list' | 'all'): Statement[] {
  const [, bucket = '', prefix = ''] = /^oss:\/\/([^/]+)\/(.*)$/.exec(work ?? '') ?? [];
  if (!bucket) return [];
  const list: Statement = {
    ...allow(['oss:ListObjects'], buckets([bucket])),
    ...(prefix && { Condition: { StringLike: { 'oss:Prefix': [`${prefix}*`] } } }),
  };
  if (use === 'list') return [list];
  return [list, allow(['oss:GetObject', 'oss:PutObject'], [`acs:oss:*:*:${bucket}/${prefix}*`])];
}

const tableArn = ({ instance }: NamedStage, name: string) =>
  sub(`acs:ots:${regionAndAccount}:instance/${instance}/table/${name}`);
const rows = (stage: NamedStage, ...actions: string[]) =>
  allow(
    actions.map((name) => `ots:${name}`),
    [tableArn(stage, tableName)],
  );
/** An index is a table to those who read it. */
const indexes = (stage: NamedStage) =>
  allow(
    ['ots:GetRange'],
    tableDefinition(tableName).indexes.map(({ name }) => tableArn(stage, name)),
  );

const functionArns = (stage: NamedStage, names: FunctionName[]) =>
  names
    .map((name) => `acs:fc:${regionAndAccount}:functions/${functionName(stage, name)}`)
    .flatMap((arn) => [sub(arn), sub(`${arn}/*`)]);
/** Tasks, and the function's own messages that come again. */
const send = (stage: NamedStage, ...own: FunctionName[]) =>
  allow(['fc:InvokeFunction'], functionArns(stage, [...new Set<FunctionName>(['parts', 'work', ...own])]));

const rowActions = ['GetRow', 'UpdateRow', 'PutRow'];
/** Of an index's rows; the index itself may be behind. */
const readIndexedRows = 'BatchGetRow';

const statements: Record<FunctionName, (stage: NamedStage) => Statement[]> = {
  api: (stage) => [
    ...store(stage, true),
    ...workFolder(stage, 'all'),
    rows(stage, ...rowActions, readIndexedRows),
    indexes(stage),
    send(stage),
  ],
  objectCreated: (stage) => [...store(stage, true), rows(stage, ...rowActions), send(stage, 'objectCreated')],
  // A job that ends here has its upload aborted, at most; its source is deleted by the finish.
  parts: (stage) => [...store(stage, false), rows(stage, ...rowActions), send(stage)],
  work: (stage) => [...store(stage, true), ...workFolder(stage, 'all'), rows(stage, ...rowActions), send(stage)],
  sweep: (stage) => [
    ...store(stage, false),
    ...workFolder(stage, 'list'),
    rows(stage, ...rowActions, readIndexedRows, 'DeleteRow'),
    indexes(stage),
    send(stage),
  ],
};

/** The role of each function, which does what it does and nothing else; and the role by which OSS starts one. */
export function roles(stage: NamedStage): Resources {
  const all = functionNames.map((name) => [`${capital(name)}Role`, roleOf(stage, name)] as const);
  return { ...Object.fromEntries(all), OssRole: ossRole(stage) };
}

function roleOf(stage: NamedStage, name: FunctionName): Resource {
  const project = `acs:log:${regionAndAccount}:project/${service}-${stage.name}-\${ALIYUN::TenantId}`;
  const always = [allow(['log:PostLogStoreLogs'], [sub(`${project}/logstore/${logstore}`)])];
  const queue = `acs:mns:${regionAndAccount}:/queues/${deadLetters(stage)}/messages`;
  if (keptFunctions.includes(name)) always.push(allow(['mns:SendMessage'], [sub(queue)]));
  return role(roleName(stage, name), 'fc.aliyuncs.com', [...always, ...statements[name](stage)]);
}

function ossRole(stage: NamedStage): Resource {
  return role(roleName(stage, 'oss'), 'oss.aliyuncs.com', [
    allow(['fc:InvokeFunction'], functionArns(stage, ['objectCreated'])),
  ]);
}

function role(RoleName: string, trusted: string, Statement: Statement[]): Resource {
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: [trusted] } };
  return {
    Type: 'ALIYUN::RAM::Role',
    Properties: {
      RoleName,
      AssumeRolePolicyDocument: { Version: '1', Statement: [trust] },
      Policies: [{ PolicyName: RoleName, PolicyDocument: { Version: '1', Statement } }],
      // The role's own policy goes with it.
      DeletionForce: true,
    },
  };
}
