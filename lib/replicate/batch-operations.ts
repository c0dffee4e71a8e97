/**
 * S3 Batch Operations invoking the function for the objects of its manifest, with schema 1.0 or 2.0 (S3 User Guide, "Invoke AWS
 * Lambda function"): each task is an object of a rule's source, and is replicated by the rules.
 */
import { CopyError, GiveUp, RetryLater } from '../copy/model/errors.ts';
import { isFinal, type Job } from '../copy/model/job.ts';
import type { Invocation, World } from '../copy/model/ports.ts';
import { bounded, shortText } from './events/bounds.ts';
import { at, isObject, textAt } from './events/json.ts';
import { readKey } from './events/keys.ts';
import type { ReplicationOutcome } from './one/context.ts';
import { copyOne } from './one/copy.ts';
import { routesFrom, type RuleSet } from './rules/rules.ts';

type ResultCode = 'Succeeded' | 'TemporaryFailure' | 'PermanentFailure';

export interface BatchOperationsAnswer {
  invocationSchemaVersion: string;
  treatMissingKeysAs: ResultCode;
  invocationId: string;
  results: { taskId: string; resultCode: ResultCode; resultString: string }[];
}

type Result = Omit<BatchOperationsAnswer['results'][number], 'taskId'>;

/** S3 sends one task in an invocation; more were announced. */
const mostTasks = 1_000;

/** Between looks at a job that copies in parts, milliseconds. */
const pollMs = 1_000;

/** Whether S3 Batch Operations invoked the function. */
export function isBatchOperations(input: unknown): boolean {
  return textAt(input, 'invocationSchemaVersion') !== undefined && Array.isArray(at(input, 'tasks'));
}

/**
 * Replicates the object of each task. An object in parts is waited for as long as the invocation may run; one that takes
 * longer is a temporary failure: S3 asks again, and finds the same job.
 *
 * @throws GiveUp BadRequest for a schema version that is not known, or a request without an id.
 */
export async function answerBatchOperations(
  world: World,
  rules: RuleSet,
  input: unknown,
  invocation: Invocation,
): Promise<BatchOperationsAnswer> {
  const version = textAt(input, 'invocationSchemaVersion') ?? '';
  const invocationId = textAt(input, 'invocationId');
  const tasks = at(input, 'tasks') as unknown[];
  if (version !== '1.0' && version !== '2.0') {
    const known = 'Choose schema 1.0 or 2.0 when you create the job';
    throw new GiveUp('BadRequest', `S3 Batch Operations sent schema '${shortText(version, 20)}'. ${known}.`);
  }
  if (invocationId === undefined || tasks.length > mostTasks)
    throw new GiveUp('BadRequest', 'unknown trigger: a request of S3 Batch Operations without an id, or too long');
  const results = await Promise.all(
    tasks.map(async (task) => ({
      taskId: textAt(task, 'taskId') ?? '',
      ...(await resultOf(world, rules, task, invocation)),
    })),
  );
  return { invocationSchemaVersion: version, treatMissingKeysAs: 'TemporaryFailure', invocationId, results };
}

async function resultOf(world: World, rules: RuleSet, task: unknown, invocation: Invocation): Promise<Result> {
  try {
    const { bucket, key } = placeOf(task);
    const routes = routesFrom(rules, bucket, key);
    if (routes.length === 0) {
      const hint = 'add one to ferry.yaml, or take the object off the manifest';
      throw new GiveUp('NotFound', `No rule of this installation has ${bucket}/${key} as its source; ${hint}.`);
    }
    const context = { world, rules, invocation };
    const ends = await Promise.all(
      routes.map(async (route) => ended(world, await copyOne(context, route, key, {}), invocation)),
    );
    return { resultCode: 'Succeeded', resultString: shown(ends.join('; ')) };
  } catch (error) {
    // What is not ours to judge may pass: S3 ends a job that fails too often.
    const isFinalFailure = error instanceof CopyError && !(error instanceof RetryLater);
    const resultCode = isFinalFailure ? 'PermanentFailure' : 'TemporaryFailure';
    const text = error instanceof CopyError ? `${error.code}: ${error.message}` : String(error);
    world.log.error('a task of S3 Batch Operations failed', { resultCode, error: text });
    return { resultCode, resultString: shown(text) };
  }
}

/** Schema 1.0 names the bucket by its ARN, 2.0 by its name; both encode keys like form fields. */
function placeOf(task: unknown): { bucket: string; key: string } {
  const bucket = textAt(task, 's3Bucket') ?? textAt(task, 's3BucketArn')?.replace(/^arn:[^:]*:s3:::/, '');
  const key = textAt(task, 's3Key');
  if (!isObject(task) || !bucket || !key)
    throw new GiveUp('BadRequest', 'unknown trigger: a task of S3 Batch Operations without a bucket or a key');
  const event = { kind: 'created', scheme: 's3', at: 0, source: 's3:batch', id: '' } as const;
  return bounded({ ...event, bucket, key: readKey(key, 'form').key });
}

/** What became of the copy, in words. @throws CopyError for one that is not there. */
async function ended(world: World, outcome: ReplicationOutcome, { deadline }: Invocation): Promise<string> {
  const to = `${outcome.destination.bucket}/${outcome.destination.key}`;
  if (outcome.action === 'skipped') {
    if (outcome.why === 'source-gone')
      throw new GiveUp('NotFound', `${outcome.source.bucket}/${outcome.source.key} is not there.`);
    return `skipped by rule ${outcome.rule}: ${outcome.why}`;
  }
  if (outcome.action !== 'started') return `${outcome.action} to ${to}`;
  const job = await waitFor(world, outcome.jobId, deadline);
  if (job.state === 'done') return `copied to ${to} in parts`;
  const why = job.reason?.message ?? 'no reason is known';
  if (job.state === 'superseded') throw new RetryLater(`The source changed while it was copied to ${to}: ${why}`);
  throw new GiveUp('BadRequest', `The copy to ${to} ended as ${job.state}: ${why}`);
}

async function waitFor(world: World, id: string, deadline: number): Promise<Job> {
  for (;;) {
    const job = await world.state.get(id);
    if (!job) throw new RetryLater(`Job ${id} is not to be seen.`);
    if (isFinal(job.state)) return job;
    if (world.clock.now() + 2 * pollMs > deadline)
      throw new RetryLater(`Job ${id} is still copying (${job.partsDone} parts done); ask again.`);
    await world.clock.sleep(pollMs);
  }
}

/** S3 puts the text into the completion report; it takes 1,024 characters. */
function shown(text: string): string {
  return shortText(text, 1_000);
}
