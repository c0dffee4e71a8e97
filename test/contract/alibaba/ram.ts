/** As much of RAM as the template's roles use: what each call of a function needs, and which statement allows it. */
import type { Template } from '../../../alibaba.ts';
import type { Statement } from '../../../deploy/alibaba/permissions.ts';
import type { FunctionName, NamedStage } from '../../../deploy/alibaba/stage.ts';
import { capital, functionNames } from '../../../deploy/alibaba/stage.ts';
import type { RequestRecord } from '../../../lib/twin/requests.ts';
import type { Deployment } from './deploy.ts';

/** An action on a resource; or the permission of a role for it, where `*` stands for any text. */
export interface Access {
  action: string;
  resource: string;
}

const account = '1234567890123456';

/** What each function has asked of OSS, Tablestore and Function Compute since their records were reset; each access once. */
export function accessesOf(at: Deployment, stage: NamedStage): Record<FunctionName, Access[]> {
  const each = functionNames.map((name) => {
    const { accessKeyId } = at.keysOf(name);
    const all = [
      ...at.oss.requests
        .all()
        .filter((record) => record.accessKeyId === accessKeyId)
        .flatMap(ofStore),
      ...at.table.requests
        .filter((request) => request.accessKeyId === accessKeyId)
        .flatMap(({ operation, tables }) =>
          tables.map((table) => ({
            action: `ots:${operation}`,
            resource: `acs:ots:${stage.region}:${account}:instance/${stage.instance}/table/${table}`,
          })),
        ),
      ...at.host.seen
        .filter(({ keyId }) => keyId === accessKeyId)
        .map(({ name: target }) => ({
          action: 'fc:InvokeFunction',
          resource: `acs:fc:${stage.region}:${account}:functions/${target}`,
        })),
    ];
    return [name, [...new Map(all.map((access) => [textOf(access), access])).values()]] as const;
  });
  return Object.fromEntries(each) as Record<FunctionName, Access[]>;
}

const on = (bucket: string, key?: string) =>
  `acs:oss:oss-region:${account}:${bucket}${key === undefined ? '' : `/${key}`}`;

/** What OSS checks before it answers (www.alibabacloud.com/help/en/oss/developer-reference, "Permissions" of each operation). */
function ofStore({ operation, bucket = '', key = '', query, status, carries = {} }: RequestRecord): Access[] {
  const at = (...actions: string[]): Access[] => actions.map((action) => ({ action, resource: on(bucket, key) }));
  const list = { action: 'oss:ListObjects', resource: on(bucket) };
  const version = 'versionId' in query ? 'Version' : '';
  const reads = [...at(`oss:GetObject${version}`), ...(status === 404 ? [list] : [])];
  const sets = [
    ...('tagging' in carries ? at('oss:PutObjectTagging') : []),
    ...('object-acl' in carries ? at('oss:PutObjectAcl') : []),
  ];
  // A copy that is not told which tags to set brings those of the source.
  const copiesTags = carries['tagging-directive']?.toLowerCase() !== 'replace';
  const checks: Record<string, () => Access[]> = {
    GetObject: () => reads,
    HeadObject: () => reads,
    GetObjectMeta: () => reads,
    PutObject: () => [...at('oss:PutObject'), ...sets],
    DeleteObject: () => at('oss:DeleteObject'),
    CopyObject: () => [
      ...ofSource(carries, copiesTags),
      ...at('oss:PutObject', ...(copiesTags ? ['oss:PutObjectTagging'] : [])),
      ...sets,
    ],
    UploadPartCopy: () => [...ofSource(carries, false), ...at('oss:PutObject')],
    InitiateMultipartUpload: () => [...at('oss:PutObject'), ...sets],
    CompleteMultipartUpload: () => [...at('oss:PutObject'), ...sets],
    AbortMultipartUpload: () => at('oss:AbortMultipartUpload'),
    ListParts: () => at('oss:ListParts'),
    ListMultipartUploads: () => [{ action: 'oss:ListMultipartUploads', resource: on(bucket) }],
    ListObjects: () => [list],
    ListObjectsV2: () => [list],
    GetBucketInfo: () => [{ action: 'oss:GetBucketInfo', resource: on(bucket) }],
    GetBucketLocation: () => [{ action: 'oss:GetBucketLocation', resource: on(bucket) }],
    GetObjectTagging: () => at(`oss:GetObject${version}Tagging`),
    PutObjectTagging: () => at(`oss:PutObject${version}Tagging`),
    DeleteObjectTagging: () => at('oss:DeleteObjectTagging'),
    GetObjectAcl: () => at(`oss:GetObject${version}Acl`),
    PutObjectAcl: () => at(`oss:PutObject${version}Acl`),
    RestoreObject: () => at('oss:RestoreObject'),
  };
  const check = checks[operation];
  if (!check) throw new Error(`say what OSS checks for ${operation}`);
  return check();
}

/** `/bucket/key?versionId=...`, encoded. */
function ofSource(carries: Record<string, string>, tags: boolean): Access[] {
  const [path = '', version] = (carries['copy-source'] ?? '').split('?');
  const resource = `acs:oss:oss-region:${account}:${decodeURIComponent(path.replace(/^\//, ''))}`;
  const kind = version ? 'Version' : '';
  const actions = [`oss:GetObject${kind}`, ...(tags ? [`oss:GetObject${kind}Tagging`] : [])];
  return actions.map((action) => ({ action, resource }));
}

const textOf = ({ action, resource }: Access) => `${action} ${resource}`;

/** What a function's role allows. */
export function roleOf({ Resources }: Template, stage: NamedStage, name: FunctionName): Access[] {
  const policies = Resources[`${capital(name)}Role`]?.Properties['Policies'] as
    { PolicyDocument: { Statement: Statement[] } }[] | undefined;
  if (!policies) throw new Error(`the template has no role of ${name}`);
  const resolved = (target: unknown): string => {
    const text = typeof target === 'string' ? target : (target as { 'Fn::Sub': string })['Fn::Sub'];
    return text.replaceAll('${ALIYUN::Region}', stage.region).replaceAll('${ALIYUN::TenantId}', account);
  };
  return policies
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .flatMap(({ Action, Resource }) =>
      Action.flatMap((action) => Resource.map((target) => ({ action, resource: resolved(target) }))),
    );
}

export function allows(permission: Access, { action, resource }: Access): boolean {
  return permission.action === action && isLike(resource, permission.resource);
}

function isLike(text: string, pattern: string): boolean {
  const escaped = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 's').test(text);
}

/** Accesses that the role of the function does not allow. */
export function refusedOf(
  template: Template,
  stage: NamedStage,
  name: FunctionName,
  asked: readonly Access[],
): string[] {
  const role = roleOf(template, stage, name);
  return asked.filter((access) => !role.some((permission) => allows(permission, access))).map(textOf);
}
