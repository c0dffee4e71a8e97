/** What starts the functions, and the queue of what they could not do. */
import type { NamedStage, Resource, Resources } from './stage.ts';
import { days, deadLetters, get, regionAndAccount, sub } from './stage.ts';

/**
 * By name, for `oss:ObjectCreated:*` comes for every part of an upload as well
 * (www.alibabacloud.com/help/en/functioncompute/fc/user-guide/oss-triggers-overview).
 */
export const objectEvents = [
  'oss:ObjectCreated:PutObject',
  'oss:ObjectCreated:PostObject',
  'oss:ObjectCreated:CopyObject',
  'oss:ObjectCreated:AppendObject',
  'oss:ObjectCreated:CompleteMultipartUpload',
  'oss:ObjectRemoved:DeleteObject',
  'oss:ObjectRemoved:DeleteObjects',
];

/** Native triggers that a bucket may have. */
const mostTriggers = 10;

/** @throws Error for more triggers on a bucket than it may have, and for two that overlap. */
export function triggers(stage: NamedStage): Resources {
  return {
    ...Object.fromEntries(stage.read.flatMap((bucket, at) => ofBucket(stage, bucket, at))),
    Minute: trigger('SweepFunction', 'timer', 'minute', { cronExpression: '@every 1m', enable: true, payload: '' }),
    Http: trigger('ApiFunction', 'http', 'http', {
      // The API knows its callers itself.
      authType: 'anonymous',
      disableURLInternet: false,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
    }),
    DeadLetters: {
      Type: 'ALIYUN::MNS::Queue',
      Properties: { QueueName: deadLetters(stage), MessageRetentionPeriod: 14 * days, PollingWaitSeconds: 10 },
    },
  };
}

function ofBucket(stage: NamedStage, bucket: string, at: number): [string, Resource][] {
  const prefixes = stage.prefixes?.[bucket] ?? [''];
  if (prefixes.length > mostTriggers) {
    throw new Error(`The bucket ${bucket} would have ${prefixes.length} triggers; it may have ${mostTriggers}.`);
  }
  for (const [n, one] of prefixes.entries()) {
    const other = prefixes.find((candidate, m) => m !== n && candidate.startsWith(one));
    if (other !== undefined) throw new Error(`Two triggers of the bucket ${bucket} overlap: '${one}' and '${other}'.`);
  }
  return prefixes.map((prefix, n) => {
    const config = { events: objectEvents, filter: { key: { prefix, suffix: '' } } };
    const made = trigger('ObjectCreatedFunction', 'oss', `oss-${at}-${n}`, config);
    Object.assign(made.Properties, {
      SourceArn: sub(`acs:oss:${regionAndAccount}:${bucket}`),
      InvocationRole: get('OssRole', 'Arn'),
    });
    return [`Events${at}x${n}`, made];
  });
}

function trigger(functionId: string, TriggerType: string, TriggerName: string, TriggerConfig: object): Resource {
  return {
    Type: 'ALIYUN::FC3::Trigger',
    Properties: {
      FunctionName: get(functionId, 'FunctionName'),
      TriggerType,
      TriggerName,
      TriggerConfig,
      Qualifier: 'LATEST',
    },
  };
}
