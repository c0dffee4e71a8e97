/** The queues, their dead letters, and who may send to them. */
import type { NamedStage } from './stage.ts';
import { arnOf, bucketArns, days, timeouts } from './stage.ts';

/** AWS asks for a visibility timeout of six times the function's. The function shortens it for messages that should come again sooner. */
const queues = {
  Events: { timeout: timeouts.objectCreated, maxReceiveCount: 20 },
  Tasks: { timeout: timeouts.work, maxReceiveCount: 12 },
  Parts: { timeout: timeouts.work, maxReceiveCount: 12 },
};
export type Queue = keyof typeof queues;
export const queueNames = Object.keys(queues) as Queue[];

/** CloudFormation of every queue, of its dead letters, of what their policies allow, and of the events of buckets. */
export function queueResources(stage: NamedStage) {
  return Object.fromEntries([
    ...queueNames.flatMap((name) => queueAndDeadLetters(stage, name)),
    ...queueNames.map((name) => policy(stage, name)),
    ['ObjectEvents', objectEvents(stage)] as const,
  ]);
}

function queueAndDeadLetters({ ownKey }: NamedStage, name: Queue) {
  const { timeout, maxReceiveCount } = queues[name];
  const RedrivePolicy = { deadLetterTargetArn: arnOf(`${name}DeadLetters`), maxReceiveCount };
  const encrypted = ownKey ? { KmsMasterKeyId: ownKey } : { SqsManagedSseEnabled: true };
  const queue = { VisibilityTimeout: 6 * timeout, MessageRetentionPeriod: 4 * days, RedrivePolicy, ...encrypted };
  // A dead letter keeps the age it had, so this is longer than the queue's own.
  const deadLetters = { MessageRetentionPeriod: 14 * days, ...encrypted };
  return [
    [`${name}Queue`, { Type: 'AWS::SQS::Queue', Properties: queue }],
    [`${name}DeadLetters`, { Type: 'AWS::SQS::Queue', Properties: deadLetters }],
  ] as const;
}

/** No request without TLS; and for events, who may send some. Our own functions have roles. */
function policy(stage: NamedStage, name: Queue) {
  const ids = [`${name}Queue`, `${name}DeadLetters`];
  const Statement = [
    ...(name === 'Events' ? eventSenders(stage) : []),
    ...ids.map((id) => ({
      Effect: 'Deny',
      Principal: '*',
      Action: 'sqs:*',
      Resource: arnOf(id),
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    })),
  ];
  const Properties = {
    Queues: ids.map((Ref) => ({ Ref })),
    PolicyDocument: { Version: '2012-10-17', Statement },
  };
  return [`${name}QueuePolicy`, { Type: 'AWS::SQS::QueuePolicy', Properties }] as const;
}

function eventSenders({ read }: NamedStage) {
  const from = (Service: string, Condition: object) => ({
    Effect: 'Allow',
    Principal: { Service },
    Action: 'sqs:SendMessage',
    Resource: arnOf('EventsQueue'),
    Condition,
  });
  return [
    from('s3.amazonaws.com', {
      StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
      ArnEquals: { 'aws:SourceArn': bucketArns(read) },
    }),
    from('events.amazonaws.com', { ArnEquals: { 'aws:SourceArn': arnOf('ObjectEvents') } }),
  ];
}

function objectEvents({ read }: NamedStage) {
  return {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created', 'Object Deleted'],
        detail: { bucket: { name: read } },
      },
      Targets: [{ Id: 'events-queue', Arn: arnOf('EventsQueue') }],
    },
  };
}
