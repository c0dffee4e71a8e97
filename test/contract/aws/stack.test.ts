import { beforeAll, describe, expect, it } from 'vitest';
import type { Statement } from './iam.ts';
import { statementsOf } from './iam.ts';
import type { Packaged } from './template.ts';
import { ofType, packageStack } from './template.ts';

let stack: Packaged;
beforeAll(async () => {
  stack = await packageStack('dev');
}, 300_000);

const properties = (id: string): Record<string, unknown> => {
  const resource = stack.resources[id];
  if (!resource) throw new Error(`the template has no ${id}`);
  return resource.Properties;
};
const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

const actionsOf = (id: string) => new Set(statementsOf(properties(id)).flatMap(({ Action }) => Action));

describe('functions', () => {
  it('run on Node 22 on Graviton, traced, each in a role of its own', () => {
    const functions = ofType(stack, 'AWS::Lambda::Function');
    expect(functions.map(([id]) => id).toSorted()).toEqual([
      'ApiLambdaFunction',
      'ObjectCreatedLambdaFunction',
      'SweepLambdaFunction',
      'WorkLambdaFunction',
    ]);
    for (const [id, { Runtime, Architectures, TracingConfig, Role }] of functions) {
      expect({ Runtime, Architectures, TracingConfig }).toEqual({
        Runtime: 'nodejs22.x',
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
      });
      expect(Role).toEqual(arn(id.replace('LambdaFunction', 'Role')));
    }
  });

  it('keep their logs for two weeks', () => {
    const groups = ofType(stack, 'AWS::Logs::LogGroup');
    expect(groups.map(([, { RetentionInDays }]) => RetentionInDays)).toEqual([14, 14, 14, 14, 14]);
  });

  it('are small', () => {
    expect(Object.keys(stack.zips).toSorted()).toEqual(['api.zip', 'objectCreated.zip', 'sweep.zip', 'work.zip']);
    for (const size of Object.values(stack.zips)) expect(size).toBeLessThan(520_000);
  });
});

describe('event sources', () => {
  it('are the three queues, answered message by message and with a limit', () => {
    const mappings = ofType(stack, 'AWS::Lambda::EventSourceMapping').map(([, mapping]) => mapping);
    const pairs = mappings.map(({ EventSourceArn, FunctionName }) => [EventSourceArn, FunctionName]);
    expect(pairs).toHaveLength(3);
    expect(pairs).toEqual(
      expect.arrayContaining([
        [arn('EventsQueue'), arn('ObjectCreatedLambdaFunction')],
        [arn('PartsQueue'), arn('WorkLambdaFunction')],
        [arn('TasksQueue'), arn('WorkLambdaFunction')],
      ]),
    );
    for (const { FunctionResponseTypes, ScalingConfig } of mappings) {
      expect(FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
      expect((ScalingConfig as { MaximumConcurrency: number }).MaximumConcurrency).toBeGreaterThanOrEqual(2);
    }
  });

  it('are the HTTP API and the minute', () => {
    expect(ofType(stack, 'AWS::ApiGatewayV2::Route').map(([, { RouteKey }]) => RouteKey)).toEqual(['$default']);
    const schedules = ofType(stack, 'AWS::Events::Rule').filter(([, rule]) => rule['ScheduleExpression']);
    expect(schedules.map(([, rule]) => rule)).toMatchObject([
      { ScheduleExpression: 'rate(1 minute)', Targets: [{ Arn: arn('SweepLambdaFunction') }] },
    ]);
  });

  it('let S3 and EventBridge send to the queue of events, for our own buckets only', () => {
    const { PolicyDocument } = properties('EventsQueuePolicy') as { PolicyDocument: { Statement: Statement[] } };
    const bucket = { 'Fn::Sub': 'arn:${AWS::Partition}:s3:::ferry-dev-source' };
    expect(PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow')).toMatchObject([
      {
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: arn('EventsQueue'),
        Condition: {
          StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
          ArnEquals: { 'aws:SourceArn': [bucket] },
        },
      },
      {
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': arn('ObjectEvents') } },
      },
    ]);
    expect(properties('ObjectEvents')).toMatchObject({
      EventPattern: { source: ['aws.s3'], detail: { bucket: { name: ['ferry-dev-source'] } } },
      Targets: [{ Arn: arn('EventsQueue') }],
    });
  });
});

describe('queues', () => {
  it('hide a message for at least six times the timeout of its function', () => {
    for (const [, mapping] of ofType(stack, 'AWS::Lambda::EventSourceMapping')) {
      const [queue, handler] = [mapping['EventSourceArn'], mapping['FunctionName']].map(
        (target) => (target as { 'Fn::GetAtt': [string] })['Fn::GetAtt'][0],
      );
      const { VisibilityTimeout } = properties(queue ?? '');
      const { Timeout } = properties(handler ?? '');
      expect(VisibilityTimeout).toBeGreaterThanOrEqual(6 * (Timeout as number));
    }
  });

  it.each(['Events', 'Tasks', 'Parts'])('%s keep what fails as dead letters, longer than the queue itself', (name) => {
    const { RedrivePolicy, MessageRetentionPeriod } = properties(`${name}Queue`);
    expect(RedrivePolicy).toEqual({
      deadLetterTargetArn: arn(`${name}DeadLetters`),
      maxReceiveCount: expect.any(Number),
    });
    const kept = properties(`${name}DeadLetters`)['MessageRetentionPeriod'];
    expect(kept).toBeGreaterThan(MessageRetentionPeriod as number);
  });
});

describe('roles', () => {
  it('name every action, and every resource that has a name', () => {
    for (const [, role] of ofType(stack, 'AWS::IAM::Role')) {
      for (const { Action, Resource } of statementsOf(role)) {
        const actions = [Action].flat();
        expect(actions.filter((action) => action.includes('*'))).toEqual([]);
        const nameless = actions.every((action) => action.startsWith('xray:'));
        if (!nameless) expect([Resource].flat()).not.toContain('*');
      }
    }
  });

  it('differ: the sweep deletes no objects, and only readers of a queue receive from it', () => {
    expect(actionsOf('SweepRole')).not.toContain('s3:DeleteObject');
    expect(actionsOf('WorkRole')).toContain('s3:DeleteObject');
    expect(actionsOf('ApiRole')).not.toContain('sqs:ReceiveMessage');
    expect(actionsOf('SweepRole')).not.toContain('sqs:ReceiveMessage');
    expect(actionsOf('ObjectCreatedRole')).not.toContain('dynamodb:Query');
    const received = statementsOf(properties('ObjectCreatedRole')).filter(({ Action }) =>
      Action.includes('sqs:ReceiveMessage'),
    );
    expect(received.map(({ Resource }) => Resource)).toEqual([[arn('EventsQueue')]]);
  });
});

describe('table and alarms', () => {
  it('is paid by request, forgets finished jobs and can be restored', () => {
    expect(properties('JobTable')).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  });

  it('watch dead letters, the oldest message, errors and failed jobs', () => {
    const metrics = ofType(stack, 'AWS::CloudWatch::Alarm').map(([, { MetricName }]) => MetricName);
    const count = (name: string) => metrics.filter((metric) => metric === name).length;
    expect(count('ApproximateNumberOfMessagesVisible')).toBe(3);
    expect(count('ApproximateAgeOfOldestMessage')).toBe(3);
    expect(count('Errors')).toBe(4);
    expect(count('FailedJobs')).toBe(1);
    expect(ofType(stack, 'AWS::Logs::MetricFilter')).toHaveLength(4);
  });
});

describe('a stage without a usable ferry.yaml', () => {
  const rule = 'defaultStore: s3\nrules: [{ name: all, source: { bucket: elsewhere }, destination: { bucket: b } }]\n';

  it.each([
    ['no file', null, /needs ferry\.yaml/],
    ['a rule outside its buckets', rule, /its source elsewhere is not among/],
  ])('is not packaged: %s', async (_, file, why) => {
    await expect(packageStack('dev', file)).rejects.toMatchObject({ stdout: expect.stringMatching(why) });
  });
});
