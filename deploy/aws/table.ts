import { tableShape, ttlAttribute } from '../../lib/state/dynamodb/schema.ts';
import type { NamedStage } from './stage.ts';

/** The table of jobs, batches and shared records. Without it work that is under way has to be done again. */
export function table({ keepTable, ownKey }: NamedStage) {
  const policy = keepTable ? 'Retain' : 'Delete';
  return {
    Type: 'AWS::DynamoDB::Table',
    DeletionPolicy: policy,
    UpdateReplacePolicy: policy,
    Properties: {
      ...tableShape,
      TimeToLiveSpecification: { AttributeName: ttlAttribute, Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: keepTable,
      ...(ownKey && { SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: ownKey } }),
    },
  };
}
