/** What stands before the API on AWS, in the CloudFormation that is deployed. */
import { expect, it } from 'vitest';
import { ofType, packageStack } from '../../contract/aws/template.ts';

it.each(['dev', 'prod'])(
  'the HTTP API of stage %s has a throttle, an access log and a number of executions of its own; messages end as dead letters',
  async (stage) => {
    const stack = await packageStack(stage);
    const [[, http] = ['', {}]] = ofType(stack, 'AWS::ApiGatewayV2::Stage');
    expect(http).toMatchObject({
      DefaultRouteSettings: {
        ThrottlingRateLimit: expect.any(Number) as number,
        ThrottlingBurstLimit: expect.any(Number) as number,
      },
      AccessLogSettings: {
        DestinationArn: { 'Fn::GetAtt': ['HttpApiLogGroup', 'Arn'] },
        Format: expect.not.stringMatching(/header|authorizer|body|querystring/i) as string,
      },
    });
    expect(stack.resources['HttpApiLogGroup']?.Properties['RetentionInDays']).toBe(14);
    expect(stack.resources['ApiLambdaFunction']?.Properties['ReservedConcurrentExecutions']).toBeGreaterThan(0);
    const queues = ofType(stack, 'AWS::SQS::Queue').filter(([id]) => !id.endsWith('DeadLetters'));
    expect(queues).toHaveLength(3);
    for (const [, { RedrivePolicy }] of queues) {
      const { maxReceiveCount } = RedrivePolicy as { maxReceiveCount: number };
      expect(maxReceiveCount).toBeLessThanOrEqual(20);
    }
  },
  300_000,
);
