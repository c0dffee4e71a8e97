/** What the parts of the stack on AWS share: the settings of a stage, the names of functions, and short words for CloudFormation. */
import type { AWS } from '@serverless/typescript';

export const service = 'object-ferry';

/** What differs between stages; `serverless.ts` has the values. */
export interface Stage {
  region: NonNullable<AWS['provider']['region']>;
  /** Buckets whose objects are read, and whose events are taken. */
  read: string[];
  /** Buckets that objects are written to and, for a rename, deleted from. */
  write: string[];
  /**
   * Where batches keep pages, results and report: `s3://bucket/prefix/`, best a bucket of its own, for below `read` each of these
   * files would be an event. Without it every batch has to name a place below `write`.
   */
  work?: `s3://${string}/`;
  /** ARNs of KMS keys that objects in these buckets are encrypted with. */
  kmsKeys?: string[];
  /** Callers, rules and changes of metadata may set ACLs of objects: without it a job that would have to ends with AccessDenied. */
  setsAcls?: boolean;
  /** Callers and rules may have archived objects restored (`restore`), which costs money. */
  restores?: boolean;
  /**
   * ARN of a KMS key for the queues and the table; without one AWS encrypts them with keys of its own. The key's policy must let
   * s3.amazonaws.com and events.amazonaws.com use it (kms:GenerateDataKey, kms:Decrypt), for both send to the queue of events.
   */
  ownKey?: string;
  /** The table stays when the stack is removed, and cannot be deleted before `keepTable: false` was deployed. */
  keepTable: boolean;
  /** Part tasks worked on at once, 2 to 1,000; each copies the parts of its task side by side. */
  partsAtOnce: number;
  /** Events, and tasks that are no parts, worked on at once, 2 to 1,000. */
  othersAtOnce: number;
  /** Requests of the HTTP API: a second, and at once after a pause. What comes faster is answered 429 by API Gateway. */
  requestsPerSecond: number;
  requestBurst: number;
  /**
   * Requests of the HTTP API worked on at once; so many of the account's concurrent executions are kept for it, and it gets no
   * more. AWS wants 100 of an account's to stay unreserved: leave it out where the account has no more than that.
   */
  apiAtOnce?: number;
  /**
   * Figures of each rule (events, replicas, skips, failures, bytes, requests, lag) as metrics in CloudWatch, of the namespace
   * object-ferry/STAGE/rules. CloudWatch charges for each metric of each rule, and for the lines.
   */
  ruleMetrics?: boolean;
  /** ARN of an SNS topic for alarms; without one they only show in CloudWatch. */
  alarmTopic?: string;
  /** Values of `env:NAME` in ferry.yaml, best as `{{resolve:secretsmanager:...}}`, and engine settings such as FERRY_CONCURRENCY. */
  environment?: Record<string, string>;
}

/** A stage by its name: `npx serverless deploy --stage NAME`. */
export interface NamedStage extends Stage {
  name: string;
}

/** Seconds. A part task needs FERRY_PART_RESERVE_MS (one minute) and more; API Gateway waits for 30 at most. */
export const timeouts = { api: 29, objectCreated: 120, work: 300, sweep: 60 };
export type FunctionName = keyof typeof timeouts;
export const functionNames = Object.keys(timeouts) as FunctionName[];

export const days = 86_400;
export const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
export const sub = (text: string) => ({ 'Fn::Sub': text });
export const bucketArns = (buckets: string[]) => buckets.map((name) => sub(`arn:\${AWS::Partition}:s3:::${name}`));
export const objectArns = (buckets: string[]) => buckets.map((name) => sub(`arn:\${AWS::Partition}:s3:::${name}/*`));
export const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
export const functionName = (stage: NamedStage, name: FunctionName) => `${service}-${stage.name}-${name}`;
