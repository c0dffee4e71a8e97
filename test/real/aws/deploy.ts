/**
 * Deploys the CloudFormation of `serverless package` onto what runs here: queues on moto, the table on DynamoDB Local, the
 * built bundles on the Lambda host. Times are shorter than on AWS, for a killed function's message comes back only after them.
 */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import type { Packaged, Resource } from '../../contract/aws/template.ts';
import { ofType } from '../../contract/aws/template.ts';
import { unique } from '../../contract/store/target.ts';
import { EventSource } from '../../lambda-host/event-source.ts';
import { LambdaFunction } from '../../lambda-host/function.ts';
import type { HttpFront } from '../../lambda-host/http-front.ts';
import { openHttpFront } from '../../lambda-host/http-front.ts';

export interface Queue {
  url: string;
  arn: string;
}

export interface DeployOptions {
  stack: Packaged;
  sqs: SQSClient;
  createTable(name: string): Promise<void>;
  /** Text of ferry.yaml. */
  config: string;
  /** Region, credentials and endpoints; set over what the template says. */
  variables: Record<string, string>;
  /** Seconds; the queues hide a message a little longer. */
  timeout: number;
  /** Seconds between sweeps. */
  sweepEvery: number;
  /** Most invocations at once, by the queue's logical id; the template's own number is the ceiling. */
  concurrency: Record<string, number>;
  /** Deliveries before a message is a dead letter, by the queue's logical id. */
  receives?: Record<string, number>;
  onLine(name: string, line: string): void;
  onDelivery(queue: Queue, message: Message): void;
}

export interface Deployment {
  /** By logical id: `EventsQueue`, `EventsDeadLetters`, and so on. */
  queues: Record<string, Queue>;
  table: string;
  api: LambdaFunction;
  objectCreated: LambdaFunction;
  work: LambdaFunction;
  sweep: LambdaFunction;
  front: HttpFront;
  close(): Promise<void>;
}

type Reference = { Ref: string } | { 'Fn::GetAtt': [string, string] };

export async function deploy(options: DeployOptions): Promise<Deployment> {
  const { stack, sqs, timeout, concurrency, onDelivery } = options;
  const queues = await createQueues(options);
  const table = unique('jobs');
  await options.createTable(table);
  const values: Record<string, string> = { JobTable: table };
  for (const [id, { url }] of Object.entries(queues)) values[id] = url;

  const root = await mkdtemp(join(tmpdir(), 'ferry-lambda-'));
  await writeFile(join(root, 'ferry.yaml'), options.config);
  const functions: Record<string, LambdaFunction> = {};
  for (const [id, properties] of ofType(stack, 'AWS::Lambda::Function')) {
    functions[id] = await createFunction(options, root, properties, values);
  }
  const named = (id: string): LambdaFunction => {
    const found = functions[id];
    if (!found) throw new Error(`the template has no ${id}`);
    return found;
  };

  const sources = ofType(stack, 'AWS::Lambda::EventSourceMapping').map(([, mapping]) => {
    const id = idOf(mapping['EventSourceArn'] as Reference);
    const queue = queues[id] as Queue;
    const { MaximumConcurrency } = mapping['ScalingConfig'] as { MaximumConcurrency: number };
    return new EventSource({
      client: sqs,
      ...queue,
      batchSize: mapping['BatchSize'] as number,
      maximumConcurrency: Math.min(MaximumConcurrency, concurrency[id] ?? MaximumConcurrency),
      reportsFailures: (mapping['FunctionResponseTypes'] as string[]).includes('ReportBatchItemFailures'),
      invoke: (event) => named(idOf(mapping['FunctionName'] as Reference)).invoke(event),
      onDelivery: (message) => onDelivery(queue, message),
    });
  });
  const sweep = named('SweepLambdaFunction');
  const schedule = setInterval(() => void sweep.invoke({}), options.sweepEvery * 1000);
  const front = await openHttpFront((event) => named('ApiLambdaFunction').invoke(event));
  return {
    queues,
    table,
    api: named('ApiLambdaFunction'),
    objectCreated: named('ObjectCreatedLambdaFunction'),
    work: named('WorkLambdaFunction'),
    sweep,
    front,
    async close() {
      clearInterval(schedule);
      await front.close();
      // Nothing of value is under way any more: an invocation that hangs must not keep the test.
      const grace = setTimeout(() => void closeAll(functions), timeout * 1000);
      await Promise.all(sources.map((source) => source.close()));
      clearTimeout(grace);
      await closeAll(functions);
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function closeAll(functions: Record<string, LambdaFunction>): Promise<void> {
  await Promise.all(Object.values(functions).map((one) => one.close()));
}

/** Dead letters first, for the others name them. */
async function createQueues({ stack, sqs, timeout, receives = {} }: DeployOptions): Promise<Record<string, Queue>> {
  const queues: Record<string, Queue> = {};
  const all = ofType(stack, 'AWS::SQS::Queue');
  all.sort(([, a], [, b]) => Number('RedrivePolicy' in a) - Number('RedrivePolicy' in b));
  const suffix = unique('');
  for (const [id, properties] of all) {
    const attributes: Record<string, string> = { VisibilityTimeout: String(timeout + 2) };
    const redrive = properties['RedrivePolicy'] as
      { deadLetterTargetArn: Reference; maxReceiveCount: number } | undefined;
    if (redrive) {
      const deadLetterTargetArn = queues[idOf(redrive.deadLetterTargetArn)]?.arn;
      const maxReceiveCount = receives[id] ?? redrive.maxReceiveCount;
      attributes['RedrivePolicy'] = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
    }
    const { QueueUrl = '' } = await sqs.send(
      new CreateQueueCommand({ QueueName: id + suffix, Attributes: attributes }),
    );
    const asked = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    queues[id] = { url: QueueUrl, arn: asked.Attributes?.QueueArn ?? '' };
  }
  return queues;
}

async function createFunction(
  { timeout, variables, onLine }: DeployOptions,
  root: string,
  properties: Resource['Properties'],
  values: Record<string, string>,
): Promise<LambdaFunction> {
  const { FunctionName, Handler, Environment } = properties as {
    FunctionName: string;
    Handler: string;
    Environment: { Variables: Record<string, string | Reference> };
  };
  const bundle = Handler.replace(/\.\w+$/, '');
  for (const part of [`${bundle}.mjs`, `${bundle}-later`]) await cp(part, join(root, part), { recursive: true });
  const own = Object.entries(Environment.Variables).map(([name, value]) => {
    const resolved = typeof value === 'string' ? value : values[idOf(value)];
    return [name, resolved ?? ''] as const;
  });
  return new LambdaFunction({
    name: FunctionName,
    root,
    handler: Handler,
    arn: `arn:aws:lambda:us-east-1:123456789012:function:${FunctionName}`,
    timeoutMs: timeout * 1000,
    variables: { ...Object.fromEntries(own), AWS_LAMBDA_FUNCTION_NAME: FunctionName, ...variables },
    onLine: (line) => onLine(FunctionName, line),
    node: process.env.FERRY_LAMBDA_NODE,
  });
}

function idOf(reference: Reference): string {
  return 'Ref' in reference ? reference.Ref : reference['Fn::GetAtt'][0];
}
