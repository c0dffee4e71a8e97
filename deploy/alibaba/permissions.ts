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
}
const allow = (Action: string[], Resource: unknown[]): Statement => ({ Effect: 'Allow', Action, Resource });

const buckets = (names: string[]) => names.map((name) => `acs:oss:*:*:${name}`);
const objects = (names: string[]) => names.map((name) => `acs:oss:*:*:${name}/*`);

/**
 * What a function does with objects. `parts` copies bytes and looks at the source; `uploads` revives and ends uploads and never
 * reads an object: it initiates one only to learn under which name OSS knows it. Listing a bucket is what makes OSS say that
 * an object is missing instead of forbidden.
 */
function store(stage: NamedStage, use: 'all' | 'parts' | 'uploads'): Statement[] {
  const { read, write, kmsKeys = [], setsAcls, restores } = stage;
  const both = [...new Set([...read, ...write])];
  const reads = ['oss:GetObject', 'oss:GetObjectVersion'];
  const describes = [
    'oss:GetObjectTagging',
    'oss:GetObjectVersionTagging',
    'oss:GetObjectAcl',
    'oss:GetObjectVersionAcl',
  ];
  const writes = ['oss:PutObject', 'oss:AbortMultipartUpload', 'oss:ListParts'];
  const completes = ['oss:PutObjectTagging', 'oss:DeleteObject', ...(setsAcls ? ['oss:PutObjectAcl'] : [])];
  const keys = kmsKeys.length > 0 ? [allow(['kms:Decrypt', 'kms:GenerateDataKey'], kmsKeys.map(keyArn))] : [];
  const uploads = allow(['oss:ListMultipartUploads'], buckets(write));
  if (use === 'uploads') return [allow(writes, objects(write)), uploads, ...keys];
  if (use === 'parts') {
    return [
      allow(reads, objects(both)),
      allow(['oss:ListObjects'], buckets(both)),
      allow(writes, objects(write)),
      uploads,
      ...keys,
    ];
  }
  return [
    allow([...reads, ...describes], objects(both)),
    allow(['oss:ListObjects', 'oss:GetBucketLocation'], buckets(both)),
    allow([...writes, ...completes], objects(write)),
    uploads,
    ...(restores ? [allow(['oss:RestoreObject'], objects(both))] : []),
    ...keys,
  ];
}

const keyArn = (id: string) => sub(`acs:kms:${regionAndAccount}:key/${id}`);

/** As `lib/store/work-bucket.ts` uses it: nothing is deleted there. The sweep only looks which files there are. */
function workFolder({ work }: NamedStage, use: 'list' | 'all'): Statement[] {
  const [, bucket = '', prefix = ''] = /^oss:\/\/([^/]+)\/(.*)$/.exec(work ?? '') ?? [];
  if (!bucket) return [];
  // The whole bucket: a file that is missing is asked for without a prefix, and must not look forbidden.
  const list = allow(['oss:ListObjects'], buckets([bucket]));
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

const changeRows = ['GetRow', 'UpdateRow'];
const rowActions = [...changeRows, 'PutRow'];
/** Of an index's rows; the index itself may be behind. */
const readIndexedRows = 'BatchGetRow';

const statements: Record<FunctionName, (stage: NamedStage) => Statement[]> = {
  api: (stage) => [
    ...store(stage, 'all'),
    ...workFolder(stage, 'all'),
    rows(stage, ...rowActions, readIndexedRows),
    indexes(stage),
    send(stage),
  ],
  objectCreated: (stage) => [...store(stage, 'all'), rows(stage, ...rowActions), send(stage, 'objectCreated')],
  // A job that ends here has its upload aborted, at most; its source is deleted by the finish.
  parts: (stage) => [...store(stage, 'parts'), rows(stage, ...rowActions), send(stage)],
  work: (stage) => [...store(stage, 'all'), ...workFolder(stage, 'all'), rows(stage, ...rowActions), send(stage)],
  sweep: (stage) => [
    ...store(stage, 'uploads'),
    ...workFolder(stage, 'list'),
    rows(stage, ...changeRows, readIndexedRows, 'DeleteRow'),
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
