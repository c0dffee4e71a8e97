import { describe, expect, it } from 'vitest';
import type { Template } from '../../../alibaba.ts';
import { stageNamed, stages, templateOf } from '../../../alibaba.ts';
import type { Statement } from '../../../deploy/alibaba/permissions.ts';
import type { NamedStage, Resource } from '../../../deploy/alibaba/stage.ts';
import { checkStage, functionNames } from '../../../deploy/alibaba/stage.ts';
import { understood, unjudged } from './ros.ts';

const code = { bucket: 'ferry-dev-code', object: 'code.zip' };
const full: NamedStage = {
  ...stageNamed('dev'),
  kmsKeys: ['key-1'],
  setsAcls: true,
  restores: true,
  alarmPolicy: 'people',
  alarmContacts: 'people',
  prefixes: { 'ferry-dev-source': ['in/', 'up/'] },
  environment: { FERRY_CONCURRENCY: '32' },
};
const templates: Record<string, Template> = {
  ...Object.fromEntries(Object.keys(stages).map((name) => [name, templateOf(stageNamed(name), code)])),
  'with everything': templateOf(full, code),
};
const { Resources: resources } = templateOf(full, code);
const ofType = (type: string): [string, Resource][] =>
  Object.entries(resources).filter(([, { Type }]) => Type === `ALIYUN::${type}`);
const properties = (id: string) => resources[id]?.Properties ?? {};

/** Every reference below a value, as the id and the attribute. */
function references(value: unknown): [id: string, attribute?: string][] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (name === 'Ref') return [[inner as string]];
    if (name === 'Fn::GetAtt') return [inner as [string, string]];
    if (name !== 'Fn::Sub') return references(inner);
    return [...String(inner).matchAll(/\$\{([^}]+)\}/g)].map(([, what = '']) => what.split('.') as [string, string]);
  });
}

/** Attributes that a type has; from the documentation of ROS. */
const attributes: Record<string, string[]> = {
  'ALIYUN::OTS::Instance': ['InstanceName'],
  'ALIYUN::RAM::Role': ['Arn'],
  'ALIYUN::SLS::Project': ['Name'],
  'ALIYUN::SLS::Logstore': ['LogstoreName'],
  'ALIYUN::FC3::Function': ['FunctionName', 'Arn'],
  'ALIYUN::FC3::Trigger': ['UrlInternet'],
  'ALIYUN::MNS::Queue': ['QueueUrl', 'QueueName'],
};

describe.each(Object.entries(templates))('the template: %s', (_, template) => {
  it('is understood by the constructs of ROS, each property of it', () => {
    const judged = Object.entries(template.Resources).filter(([, { Type }]) => !unjudged.includes(Type));
    expect(understood(template.Resources)).toEqual(
      Object.fromEntries(judged.map(([id, { Properties }]) => [id, Properties])),
    );
  });

  it('refers to what is there', () => {
    const pseudo = ['ALIYUN::Region', 'ALIYUN::TenantId'];
    for (const [id, attribute] of references(template)) {
      if (pseudo.includes(id)) continue;
      expect(Object.keys(template.Resources)).toContain(id);
      const { Type } = template.Resources[id] as Resource;
      if (attribute !== undefined) expect(attributes[Type], `${Type} ${attribute}`).toContain(attribute);
    }
    for (const { DependsOn = [] } of Object.values(template.Resources)) {
      for (const id of DependsOn) expect(Object.keys(template.Resources)).toContain(id);
    }
  });

  it('makes nothing before what it needs', () => {
    const needs = new Map(
      Object.entries(template.Resources).map(([id, resource]) => [
        id,
        [...references(resource).map(([needed]) => needed), ...(resource.DependsOn ?? [])],
      ]),
    );
    const visit = (id: string, path: string[]): void => {
      expect(path, 'a circle').not.toContain(id);
      for (const needed of needs.get(id) ?? []) visit(needed, [...path, id]);
    };
    for (const id of needs.keys()) visit(id, []);
  });
});

describe('the judge', () => {
  const changed = (id: string, change: object) => ({
    [id]: { ...(resources[id] as Resource), Properties: { ...properties(id), ...change } },
  });

  it.each([
    ['WorkFunction', { MemorySize: 1 }],
    ['WorkFunction', { Timeout: 'soon' }],
    ['WorkAsync', { MaxAsyncRetryAttempts: 9 }],
    ['WorkConcurrency', { ReservedConcurrency: 'many' }],
    ['Minute', { TriggerName: undefined }],
    ['Instance', { ClusterType: 'FAST' }],
    ['Table', { TimeToLive: 'never' }],
    ['Table', { PrimaryKey: [{ Name: 'id', Type: 'TEXT' }] }],
    ['WorkRole', { RoleName: undefined }],
    ['LogProject', { Name: 'x' }],
    ['Logstore', { TTL: 'long' }],
    ['LogIndex', { FullTextIndex: undefined }],
    ['FailedJobsAlert', { Detail: { Name: 'x' } }],
    ['DeadLettersAlarm', { Period: 'often' }],
  ])('refuses %s with %o', (id, change) => {
    expect(() => understood(changed(id, change))).toThrow();
  });

  it('leaves out a property that the type does not have', () => {
    const { WorkFunction } = understood(changed('WorkFunction', { TimeOut: 3 }));
    expect(WorkFunction).not.toHaveProperty('TimeOut');
  });
});

describe('functions', () => {
  it('run the package in a custom runtime, each in a role of its own', () => {
    expect(ofType('FC3::Function')).toHaveLength(functionNames.length);
    for (const [id, { Properties }] of ofType('FC3::Function')) {
      expect(Properties).toMatchObject({
        Runtime: 'custom.debian11',
        CustomRuntimeConfig: { Command: ['/code/node', '/code/bootstrap.mjs'], Port: 9000 },
        Code: { OssBucketName: 'ferry-dev-code', OssObjectName: 'code.zip' },
        InstanceConcurrency: 8,
        Role: { 'Fn::GetAtt': [id.replace('Function', 'Role'), 'Arn'] },
      });
    }
  });

  it('run on the platform’s Node where the stage says so, one invocation in an instance', () => {
    const stage: NamedStage = { ...stageNamed('dev'), node: 'builtin', invocationsPerInstance: 1 };
    checkStage(stage);
    expect(templateOf(stage, code).Resources['PartsFunction']?.Properties).toMatchObject({
      Runtime: 'nodejs20',
      Handler: 'work.handler',
      InstanceConcurrency: 1,
    });
    expect(() => checkStage({ ...stage, invocationsPerInstance: 8 })).toThrow(/custom runtime/);
  });

  it('keep what fails for good in the queue of dead letters, except what comes again by itself', () => {
    const kept = ofType('FC3::AsyncInvokeConfig').filter(([, { Properties }]) => Properties['DestinationConfig']);
    expect(kept.map(([id]) => id).sort()).toEqual(['ObjectCreatedAsync', 'PartsAsync', 'WorkAsync']);
    for (const [, { Properties }] of kept) {
      expect(Properties).toMatchObject({
        AsyncTask: false,
        DestinationConfig: {
          OnFailure: {
            Destination: {
              'Fn::Sub': 'acs:mns:${ALIYUN::Region}:${ALIYUN::TenantId}:/queues/object-ferry-dev-dead/messages',
            },
          },
        },
      });
    }
    expect(properties('SweepAsync')).toMatchObject({ MaxAsyncRetryAttempts: 0 });
  });

  it('have instances for as many invocations as the stage allows', () => {
    expect(properties('PartsConcurrency')).toMatchObject({ ReservedConcurrency: 2 });
    expect(properties('WorkConcurrency')).toMatchObject({ ReservedConcurrency: 1 });
  });

  it('are refused more variables than the service takes', () => {
    const stage = { ...stageNamed('dev'), environment: { LONG: 'x'.repeat(4_000) } };
    expect(() => templateOf(stage, code)).toThrow(/4096/);
  });
});

describe('triggers', () => {
  const ofOss = () => ofType('FC3::Trigger').filter(([, { Properties }]) => Properties['TriggerType'] === 'oss');
  interface Config {
    events: string[];
    filter: { key: { prefix: string; suffix: string } };
  }

  it('name every event, so that parts start no function', () => {
    for (const [, { Properties }] of ofOss()) {
      const { events } = Properties['TriggerConfig'] as Config;
      expect(events.filter((name) => /\*|Part|Initiate|Abort/.test(name))).toEqual([]);
      expect(events).toContain('oss:ObjectCreated:CompleteMultipartUpload');
    }
  });

  it('do not overlap within a bucket', () => {
    const all = ofOss().map(([, { Properties }]) => ({
      bucket: JSON.stringify(Properties['SourceArn']),
      ...(Properties['TriggerConfig'] as Config),
    }));
    expect(all).toHaveLength(2);
    for (const [n, one] of all.entries()) {
      for (const other of all.slice(n + 1)) {
        const shared = one.bucket === other.bucket && one.events.some((name) => other.events.includes(name));
        const [a, b] = [one.filter.key.prefix, other.filter.key.prefix];
        expect(shared && (a.startsWith(b) || b.startsWith(a)), `${a} and ${b}`).toBe(false);
      }
    }
  });

  it('are refused where they would overlap, or where there are too many', () => {
    const withPrefixes = (prefixes: string[]) => () =>
      templateOf({ ...full, prefixes: { 'ferry-dev-source': prefixes } }, code);
    expect(withPrefixes(['in/', 'in/a/'])).toThrow(/overlap/);
    expect(withPrefixes(['in/', 'in/'])).toThrow(/overlap/);
    expect(withPrefixes(['', 'in/'])).toThrow(/overlap/);
    expect(withPrefixes(Array.from({ length: 11 }, (_, n) => `${n}x/`))).toThrow(/may have 10/);
  });
});

describe('roles', () => {
  const statementsOf = (id: string) =>
    (properties(id)['Policies'] as { PolicyDocument: { Statement: Statement[] } }[]).flatMap(
      ({ PolicyDocument }) => PolicyDocument.Statement,
    );
  const actionsOf = (id: string) => statementsOf(id).flatMap(({ Action }) => Action);
  const textOf = (target: unknown) =>
    typeof target === 'string' ? target : (target as { 'Fn::Sub': string })['Fn::Sub'];

  it('name every action and every resource', () => {
    for (const [id] of ofType('RAM::Role')) {
      for (const { Action, Resource: targets } of statementsOf(id)) {
        expect(Action.filter((action) => action.includes('*'))).toEqual([]);
        for (const target of targets) expect(textOf(target)).not.toMatch(/^\*$|:\*$/);
      }
    }
  });

  it('differ: parts and the sweep delete no object, the sweep alone deletes rows, and only it and the API list', () => {
    for (const name of ['Parts', 'Sweep']) expect(actionsOf(`${name}Role`)).not.toContain('oss:DeleteObject');
    for (const name of ['Api', 'ObjectCreated', 'Work']) {
      expect(actionsOf(`${name}Role`)).toContain('oss:DeleteObject');
    }
    for (const name of ['Api', 'ObjectCreated', 'Parts', 'Work']) {
      expect(actionsOf(`${name}Role`)).not.toContain('ots:DeleteRow');
    }
    for (const name of ['ObjectCreated', 'Parts', 'Work'])
      expect(actionsOf(`${name}Role`)).not.toContain('ots:GetRange');
    expect(actionsOf('SweepRole')).toEqual(expect.arrayContaining(['ots:GetRange', 'ots:DeleteRow']));
  });

  it('reach the work folder only where batches are worked on, or looked after', () => {
    const targets = (name: string) => JSON.stringify(statementsOf(`${name}Role`));
    for (const name of ['Api', 'Work', 'Sweep']) expect(targets(name)).toContain(':ferry-dev-work');
    for (const name of ['ObjectCreated', 'Parts']) expect(targets(name)).not.toContain(':ferry-dev-work');
  });

  it('let OSS start one function only', () => {
    const arn = 'acs:fc:${ALIYUN::Region}:${ALIYUN::TenantId}:functions/object-ferry-dev-objectCreated';
    expect(statementsOf('OssRole')).toEqual([
      { Effect: 'Allow', Action: ['fc:InvokeFunction'], Resource: [{ 'Fn::Sub': arn }, { 'Fn::Sub': `${arn}/*` }] },
    ]);
  });

  it('set ACLs, restore archived objects and use keys only where the stage says so', () => {
    const asked = ['oss:PutObjectAcl', 'oss:RestoreObject', 'kms:Decrypt'];
    expect(actionsOf('WorkRole')).toEqual(expect.arrayContaining(asked));
    const plain = JSON.stringify(templateOf(stageNamed('dev'), code));
    expect(plain).not.toMatch(/PutObjectAcl|RestoreObject|kms:/);
  });
});

describe('a stage', () => {
  it.each([
    [{ instance: 'my-alias' }, /does not allow/],
    [{ instance: 'ab' }, /does not allow/],
    [{ instance: 'Ferry' }, /does not allow/],
    [{ region: 'hangzhou' }, /no region/],
    [{ work: 'oss://bucket' as 'oss://b/' }, /work folder/],
    [{ invocationsPerInstance: 0 }, /1 to 200/],
    [{ prefixes: { elsewhere: ['a/'] } }, /not in read/],
  ])('with %o is refused', (change, message) => {
    expect(() => checkStage({ ...stageNamed('dev'), ...change })).toThrow(message);
  });

  it('has to be there', () => {
    expect(() => stageNamed('test')).toThrow(/no stage 'test'; it has dev, prod/);
  });

  it('keeps its table where it says so', () => {
    for (const id of ['Instance', 'Table']) {
      expect(templates['prod']?.Resources[id]?.DeletionPolicy).toBe('Retain');
      expect(templates['dev']?.Resources[id]?.DeletionPolicy).toBe('Delete');
    }
  });
});
