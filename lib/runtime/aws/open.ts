/** The engine on AWS: jobs in DynamoDB, tasks and messages on SQS, callers and rules from the file of `ferry serve`. */
import { notifier, observed } from '../../api/callbacks/notify.ts';
import type { ApiMessage } from '../../api/model/message.ts';
import type { Env } from '../../config/env.ts';
import type { Job } from '../../copy/model/job.ts';
import type { World } from '../../copy/model/ports.ts';
import type { Task } from '../../copy/model/task.ts';
import { jsonLog } from '../../log.ts';
import { backoff } from '../../queue/backoff.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';
import { apiRuntime } from '../shared/api-deps.ts';
import { batchWorld } from '../shared/batch-world.ts';
import { workBucket } from '../shared/cloud-config.ts';
import type { QueueMessage, Runtime } from '../shared/runtime.ts';
import { Stores } from '../shared/stores.ts';
import { systemClock } from '../shared/system-clock.ts';
import type { Watcher } from '../watch/rule-watch.ts';
import type { AwsClients } from './clients.ts';
import { awsClients, dynamoShared, dynamoState, sqsQueue } from './clients.ts';
import { readAwsConfig } from './config.ts';
import { attemptOf } from '../middleware/messages.ts';

export interface AwsOptions {
  env?: Env;
  clients?: AwsClients;
  /** In [0, 1). */
  random?: () => number;
  /** Gets each line of the log. */
  write?: (line: string) => void;
}

/**
 * Reads the configuration; connects to nothing before the first call.
 * @throws GiveUp BadRequest when the configuration cannot be used.
 */
export async function openAws(options: AwsOptions = {}): Promise<Runtime> {
  const { env = process.env, clients = awsClients(), random = Math.random } = options;
  // Not by way of console: on Lambda it puts the time and the request id in front, and the line is JSON no more.
  const { write = (line) => void process.stdout.write(`${line}\n`) } = options;
  const { places, config, file, metrics } = await readAwsConfig(env);
  const { tasksQueue, partsQueue, eventsQueue } = places;
  const { settings } = config;
  const clock = systemClock;
  const log = jsonLog({ write, level: config.logLevel, fields: { function: env['AWS_LAMBDA_FUNCTION_NAME'] } });
  const stores = new Stores({ config, env, clock, random, log, concurrency: settings.concurrency });
  const queue = sqsQueue<Task>(clients, {
    urls: {
      parts: partsQueue,
      copy: tasksQueue,
      finish: tasksQueue,
      read: tasksQueue,
      page: tasksQueue,
      check: tasksQueue,
      total: tasksQueue,
    },
    clock,
    random,
  });
  const messages = sqsQueue<ApiMessage>(clients, {
    urls: { callback: tasksQueue, event: tasksQueue, 'rename-prefix': tasksQueue },
    clock,
    random,
  });
  const state = observed(dynamoState(clients, places.table, clock), (job) => notify(job));
  // Loaded only where it is asked for: a cold start should not read what it does not need.
  const watch = metrics === undefined ? undefined : await openWatch(file.rules, metrics, write);
  const shared = dynamoShared(clients, places.table, clock);
  const world: World = {
    store: (address) => stores.get(address),
    ...{ state, shared, queue, clock, random, log, settings },
  };
  const batches = batchWorld(world, {
    client: (address) => stores.get(address),
    workPlace: places.workFolder === undefined ? undefined : workBucket(places.workFolder, config),
    localFiles: false,
  });
  const api = {
    ...apiRuntime(file, { world, batches, messages }, undefined),
    rules: async () => await (await import('../watch/rule-status.ts')).ruleStatuses(file.rules),
  };
  // A hoisted function, for the table it listens to is itself a part of what it needs.
  async function notify(job: Job): Promise<void> {
    watch?.jobMoved(job);
    await notifier(api)(job);
  }

  async function postpone(message: QueueMessage, delayMs: number): Promise<void> {
    const url = queueUrlOf(message, [partsQueue, tasksQueue, eventsQueue]);
    if (url === undefined || message.receiptHandle === undefined) return;
    const { hideMessage } = await import('../../queue/sqs.ts');
    const waitMs = Math.max(delayMs, backoff(attemptOf(message), random));
    await hideMessage(await clients.sqs(), url, message.receiptHandle, waitMs);
  }

  const isUsed = file.callers.length > 0 || file.lifecycle !== undefined;
  return { world, rules: file.rules, watch, batches, postpone, ...(isUsed && { api }) };
}

async function openWatch(rules: RuleSet, namespace: string, write: (line: string) => void): Promise<Watcher> {
  const { openWatcher } = await import('../watch/rule-watch.ts');
  const { emfSink } = await import('../watch/emf.ts');
  return openWatcher(rules, emfSink(write, namespace, Date.now), Date.now);
}

/** An ARN names partition, region, account and queue, but not the endpoint that a URL starts with. */
function queueUrlOf({ eventSourceARN = '' }: QueueMessage, urls: readonly string[]): string | undefined {
  const [account, name] = eventSourceARN.split(':').slice(-2);
  return urls.find((url) => url.endsWith(`/${account}/${name}`));
}
