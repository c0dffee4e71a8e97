/**
 * The engine on Alibaba Cloud: jobs in Tablestore, tasks and messages as asynchronous invocations of Function Compute, callers
 * and rules from the file of `ferry serve`.
 */
import { notifier, observed } from '../../api/callbacks/notify.ts';
import type { ApiMessage } from '../../api/model/message.ts';
import type { Env } from '../../config/env.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { Job } from '../../copy/model/job.ts';
import type { Clock, SendOptions, World } from '../../copy/model/ports.ts';
import type { Task } from '../../copy/model/task.ts';
import { jsonLog } from '../../log.ts';
import type { StoreConfig } from '../../store/open.ts';
import { openStore } from '../../store/open.ts';
import type { PlatformContext } from '../middleware/context.ts';
import { apiRuntime } from '../shared/api-deps.ts';
import { batchWorld } from '../shared/batch-world.ts';
import { workBucket } from '../shared/cloud-config.ts';
import { once } from '../shared/once.ts';
import type { Runtime } from '../shared/runtime.ts';
import { Stores } from '../shared/stores.ts';
import { systemClock } from '../shared/system-clock.ts';
import { readAlibabaConfig } from './config.ts';
import { directMessages } from './direct.ts';
import { RoleKeys } from './role-keys.ts';
import type { OpenState } from './state.ts';
import { lazyState } from './state.ts';
import { openTablestoreState } from './tablestore.ts';

export interface AlibabaOptions {
  env?: Env;
  openState?: OpenState;
  clock?: Clock;
  /** In [0, 1). */
  random?: () => number;
  /** Gets each line of the log. */
  write?: (line: string) => void;
}

/** A runtime, and what has to know of each invocation before the runtime serves it. */
export interface AlibabaRuntime {
  runtime: Runtime;
  /** Keeps the credentials that an invocation brought. */
  keepCredentials(context: PlatformContext): void;
}

/**
 * Reads the configuration; connects to nothing before the first call.
 * @throws GiveUp BadRequest when the configuration cannot be used.
 */
export async function openAlibaba(options: AlibabaOptions = {}): Promise<AlibabaRuntime> {
  const { env = process.env, clock = systemClock, random = Math.random, openState = openTablestoreState } = options;
  const { write = (line) => void process.stdout.write(`${line}\n`) } = options;
  const { places, config, file, internalByDefault } = await readAlibabaConfig(env);
  const { settings } = config;
  const keys = new RoleKeys(env);
  const log = jsonLog({ write, level: config.logLevel, fields: { function: places.ownFunction } });
  const stores = new Stores({
    ...{ config, env, clock, random, log },
    concurrency: settings.concurrency,
    credentials: { oss: async () => ossKeys(env, keys) },
    open: (store) => openStore(reachable(store, places.region, internalByDefault)),
  });
  const invoker = once(async () => {
    const { Invoker } = await import('../../queue/fc/invoke.ts');
    return new Invoker({ endpoint: places.apiEndpoint, keys: async () => keys.get(), clock, random });
  });
  const start = { start: async (...call: Parameters<Starter>) => (await invoker()).start(...call) };
  const { workFunction: work, partsFunction: parts } = places;
  const queue = fcQueue<Task>(start, clock, {
    ...{ parts, copy: work, finish: work, read: work, page: work, check: work, total: work },
  });
  const messages = fcQueue<ApiMessage>(start, clock, { callback: work, event: work, 'rename-prefix': work });
  const opened = lazyState(openState, {
    endpoint: places.tableEndpoint,
    instance: places.instance,
    table: places.table,
    credentials: async () => keys.get(),
    clock,
  });
  const state = observed(opened.state, (job) => notify(job));
  const world: World = {
    store: (address) => stores.get(address),
    ...{ state, shared: opened.shared, queue, clock, random, log, settings },
  };
  const batches = batchWorld(world, {
    client: (address) => stores.get(address),
    workPlace: places.workFolder === undefined ? undefined : workBucket(places.workFolder, config),
    localFiles: false,
  });
  const api = apiRuntime(file, { world, batches, messages }, undefined);
  // A hoisted function, for the table it listens to is itself a part of what it needs.
  async function notify(job: Job): Promise<void> {
    await notifier(api)(job);
  }
  const direct = directMessages({ invoker, ownFunction: places.ownFunction, clock, log, random });
  const isUsed = file.callers.length > 0 || file.lifecycle !== undefined;
  return {
    runtime: { world, rules: file.rules, batches, direct, purge: opened.purge, ...(isUsed && { api }) },
    keepCredentials: (context) => keys.keep(context),
  };
}

type Starter = (name: string, body: string, delaySeconds?: number) => Promise<void>;

function fcQueue<Message extends { kind: string }>(
  invoker: { start: Starter },
  clock: Clock,
  functions: Record<Message['kind'], string>,
): { send(messages: Message[], options?: SendOptions): Promise<void> } {
  const queue = once(async () => {
    const { FcQueue } = await import('../../queue/fc/queue.ts');
    return new FcQueue<Message>({ invoker, functions, clock });
  });
  return {
    send: async (messages, options) => {
      // As they are now: sending takes a moment, and the caller may go on with its objects meanwhile.
      const asSent = structuredClone(messages);
      await (await queue()).send(asSent, options);
    },
  };
}

/** Keys that were set for OSS alone go before those of the function's role. */
function ossKeys(env: Env, keys: RoleKeys) {
  const {
    OSS_ACCESS_KEY_ID: accessKeyId,
    OSS_ACCESS_KEY_SECRET: secretAccessKey,
    OSS_SESSION_TOKEN: sessionToken,
  } = env;
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  const role = keys.get();
  const token = role.securityToken && { sessionToken: role.securityToken };
  return { accessKeyId: role.accessKeyId, secretAccessKey: role.accessKeySecret, ...token };
}

/**
 * The internal endpoint of another region cannot be reached from here, so the default is for the own region only.
 * @throws GiveUp Unsupported for an OSS store with credentials of its own.
 */
function reachable(store: StoreConfig, region: string, internalByDefault: boolean): StoreConfig {
  const { scheme, profile, role, region: asked = region } = store.address;
  if (scheme !== 'oss') return store;
  if (profile !== undefined || role !== undefined) {
    const what = role === undefined ? `profile '${profile}'` : `role ${role}`;
    throw new GiveUp(
      'Unsupported',
      `An OSS store with the ${what} cannot be used on Function Compute; give the function's own role the rights.`,
    );
  }
  return internalByDefault && asked !== region ? { ...store, internal: false } : store;
}
