import { describe, expect, it } from 'vitest';
import { role } from '../../../deploy/aws/permissions.ts';
import { queueNames, queueResources } from '../../../deploy/aws/queues.ts';
import type { NamedStage } from '../../../deploy/aws/stage.ts';
import { functionNames } from '../../../deploy/aws/stage.ts';
import { table } from '../../../deploy/aws/table.ts';
import { statementsOf } from '../../contract/aws/iam.ts';

const plain: NamedStage = {
  name: 'test',
  region: 'eu-central-1',
  read: ['from'],
  write: ['to'],
  partsAtOnce: 2,
  othersAtOnce: 2,
  requestsPerSecond: 1,
  requestBurst: 1,
  keepTable: true,
};
const objectKey = 'arn:aws:kms:eu-central-1:111122223333:key/objects';
const ownKey = 'arn:aws:kms:eu-central-1:111122223333:key/own';

interface Document {
  Statement: { Effect: string; Principal: unknown; Action: string; Resource: unknown; Condition: object }[];
}

const statements = (stage: NamedStage) => functionNames.flatMap((name) => statementsOf(role(stage, name).Properties));
const actions = (stage: NamedStage) => new Set(statements(stage).flatMap(({ Action }) => Action));

describe('the stack on AWS', () => {
  it('lets no function set an ACL unless the stage asks for it', () => {
    expect(actions(plain)).not.toContain('s3:PutObjectAcl');
    expect(actions({ ...plain, setsAcls: true })).toContain('s3:PutObjectAcl');
  });

  it('lets no function have an archived object restored unless the stage asks for it', () => {
    expect(actions(plain)).not.toContain('s3:RestoreObject');
    expect(actions({ ...plain, restores: true })).toContain('s3:RestoreObject');
  });

  it('lets functions use a KMS key only through the service whose data it encrypts', () => {
    const kms = statements({ ...plain, kmsKeys: [objectKey], ownKey }).filter(({ Action }) =>
      [Action].flat().some((action) => action.startsWith('kms:')),
    );
    expect(kms).toHaveLength(2 * functionNames.length);
    for (const { Resource, Condition } of kms) {
      const services = [Resource].flat()[0] === ownKey ? ['sqs', 'dynamodb'] : ['s3'];
      expect(Condition).toEqual({
        StringLike: { 'kms:ViaService': services.map((service) => `${service}.*.amazonaws.com*`) },
      });
    }
    expect([...actions(plain)].filter((action) => action.startsWith('kms:'))).toEqual([]);
  });

  it('denies every request to a queue that comes without TLS', () => {
    const resources = queueResources(plain) as Record<string, { Type: string; Properties: object }>;
    const denied = queueNames.flatMap((name) => {
      const { PolicyDocument } = resources[`${name}QueuePolicy`]?.Properties as { PolicyDocument: Document };
      return PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Deny');
    });
    expect(denied.map(({ Resource }) => Resource)).toEqual(
      Object.entries(resources)
        .filter(([, { Type }]) => Type === 'AWS::SQS::Queue')
        .map(([id]) => ({ 'Fn::GetAtt': [id, 'Arn'] })),
    );
    for (const { Principal, Action, Condition } of denied) {
      expect({ Principal, Action, Condition }).toEqual({
        Principal: '*',
        Action: 'sqs:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      });
    }
  });

  it('encrypts queues and table, with a key of its own where the stage names one', () => {
    const keys = (stage: NamedStage) =>
      Object.values(queueResources(stage) as Record<string, { Type: string; Properties: Record<string, unknown> }>)
        .filter(({ Type }) => Type === 'AWS::SQS::Queue')
        .map(({ Properties }) => Properties['KmsMasterKeyId'] ?? Properties['SqsManagedSseEnabled']);
    expect(new Set(keys(plain))).toEqual(new Set([true]));
    expect(new Set(keys({ ...plain, ownKey }))).toEqual(new Set([ownKey]));
    expect(table({ ...plain, ownKey }).Properties).toMatchObject({ SSESpecification: { KMSMasterKeyId: ownKey } });
  });

  it('keeps the table when the stack is removed, unless the stage says otherwise', () => {
    expect(table(plain)).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: { DeletionProtectionEnabled: true },
    });
    expect(table({ ...plain, keepTable: false })).toMatchObject({
      DeletionPolicy: 'Delete',
      Properties: { DeletionProtectionEnabled: false },
    });
  });
});
