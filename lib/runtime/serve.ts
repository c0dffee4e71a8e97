/** `ferry serve`: API, event endpoint, workers and sweep in one process, on the embedded adapters. */
import { lookup } from 'node:dns/promises';
import { randomUUID } from 'node:crypto';
import type { AddressFilter } from '../api/addresses.ts';
import { addressFilter } from '../api/addresses.ts';
import type { Caller } from '../api/callers.ts';
import { anyone, callerFrom, digest } from '../api/callers.ts';
import type { HttpEventAnswer } from '../api/http-event.ts';
import type { ApiRuntime } from '../api/messages.ts';
import { handleMessage } from '../api/messages.ts';
import { notifier, observed } from '../api/observe.ts';
import { post } from '../api/post.ts';
import { isFinal } from '../copy/job.ts';
import type { Job } from '../copy/job.ts';
import { GiveUp } from '../copy/errors.ts';
import type { Log, World } from '../copy/ports.ts';
import { WorkerPool } from '../queue/worker-pool.ts';
import type { WorkerPoolOptions } from '../queue/worker-pool.ts';
import { workByRules } from '../replicate/work.ts';
import type { Embedded, EmbeddedOptions } from './embedded.ts';
import { Interrupted, openEmbedded } from './embedded.ts';
import type { PlatformContext } from './invocation.ts';
import type { Runtime } from './runtime.ts';
import type { ServeConfig } from './serve-config.ts';
import { isLoopback } from './serve-config.ts';
import { postEvent } from './serve-events.ts';
import { listen } from './serve-http.ts';
import { openServeMetrics } from './serve-metrics.ts';
import type { Queues } from './serve-queues.ts';
import { openQueues } from './serve-queues.ts';

type Handler<Answer> = (event: unknown, context: PlatformContext) => Promise<Answer>;

/** The functions of the clouds, given the runtime of this process. */
export interface ServeHandlers {
  api(getRuntime: () => Promise<Runtime>): Handler<HttpEventAnswer>;
  objectCreated(getRuntime: () => Promise<Runtime>): Handler<unknown>;
}

export interface ServeOptions extends Omit<EmbeddedOptions, 'work' | 'log'> {
  serve: ServeConfig;
  handlers: ServeHandlers;
  log: Log;
  /** Ask nobody who they are; on a loopback address only. */
  insecureNoAuth?: boolean;
}

export interface Serving {
  url: string;
  /** Takes nothing more, lets what is under way end, keeps the rest for the next start. */
  close(): Promise<void>;
}

/** Deliveries of an event: with waits of up to half a minute, a store may be away for about an hour. */
const maxAttempts = 200;

const defaultGraceMs = 10_000;

/** How long one answer may take; clients and proxies rarely wait longer. */
const requestMs = 25_000;

/**
 * @throws GiveUp BadRequest when nobody could use it, or anybody could; StateUnusable.
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { serve: config, log, handlers, graceMs = defaultGraceMs, onRequest } = options;
  const everyone = everyoneOf(options);
  const metrics = openServeMetrics(() => queues);
  const watched = (world: World): World => ({ ...world, state: observed(world.state, onState) });
  const embedded = await openEmbedded({
    ...options,
    work: async (world, task, invocation) => {
      await workByRules(watched(world), config.rules, task, invocation);
      metrics.count('ferry_tasks_done_total', { kind: task.kind });
    },
    onRequest: (info) => {
      metrics.count('ferry_store_requests_total', { operation: info.operation, status: String(info.status ?? 'none') });
      onRequest?.(info);
    },
  });
  const queues: Queues = openQueues(embedded, (name) => pools[name as keyof typeof pools]?.wake());
  const world = watched(embedded.world);
  const api = apiRuntime(config, embedded, world, queues, everyone);
  const notify = notifier(api);
  async function onState(job: Job): Promise<void> {
    if (isFinal(job.state)) metrics.count('ferry_jobs_ended_total', { mode: job.mode, state: job.state });
    await notify(job);
  }
  const getRuntime = async (): Promise<Runtime> => ({ world, rules: config.rules, api });
  const answerApi = handlers.api(getRuntime);
  const objectCreated = handlers.objectCreated(getRuntime);

  const poolOptions = {
    ...{ clock: world.clock, random: world.random, log, maxAttempts, pollMs: 1_000 },
    ...{ invocationMs: 900_000, capacity: () => world.settings.concurrency },
  } satisfies Partial<WorkerPoolOptions>;
  const pools = {
    events: new WorkerPool({
      ...poolOptions,
      inbox: queues.events,
      holder: `${embedded.processes.token}/events`,
      handle: async ({ body }, invocation) => {
        const left = () => invocation.deadline - world.clock.now();
        await objectCreated(body, { awsRequestId: invocation.id, getRemainingTimeInMillis: left });
      },
    }),
    messages: new WorkerPool({
      ...poolOptions,
      inbox: queues.messages,
      holder: `${embedded.processes.token}/messages`,
      handle: (message, invocation) => handleMessage(api, message, invocation),
    }),
  };

  const stop = new AbortController();
  const http = await listen(
    {
      api: (event) => answerApi(event, { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => requestMs }),
      postEvent: (request) =>
        postEvent(
          {
            callers: api.callers,
            everyone,
            tokenDigests: config.eventTokens.map(digest),
            clock: world.clock,
            keep: async (event) => {
              await queues.events.send([event]);
              metrics.count('ferry_events_kept_total');
            },
          },
          request,
        ),
      refuseBrowsers: everyone !== undefined,
      notReady: () => (stop.signal.aborted ? 'it is stopping' : undefined),
      metrics,
      log,
    },
    config,
  );
  const background = Promise.all([
    takeOver(embedded, log, stop.signal),
    keepSweeping(embedded, queues, config, stop.signal),
  ]);
  embedded.startInbox();
  for (const pool of Object.values(pools)) pool.wake();
  log.info('serving', { url: http.url, callers: config.callers.length, rules: config.rules.routes.length });
  return {
    url: http.url,
    async close() {
      stop.abort();
      await http.close(graceMs);
      await Promise.all(Object.values(pools).map((pool) => pool.stop(graceMs)));
      await background;
      await embedded.close();
      log.info('stopped; what was not done is kept', {});
    },
  };
}

function everyoneOf({ serve: { callers, eventTokens, host }, insecureNoAuth }: ServeOptions): Caller | undefined {
  if (!insecureNoAuth) {
    if (callers.length + eventTokens.length > 0) return undefined;
    const hint = 'Add callers to the configuration, or try it on this machine with --insecure-no-auth.';
    throw new GiveUp('BadRequest', `Nobody is configured who could use this. ${hint}`);
  }
  if (!isLoopback(host)) {
    throw new GiveUp('BadRequest', `--insecure-no-auth is only for a loopback address, not for ${host}.`);
  }
  if (callers.length + eventTokens.length > 0) {
    throw new GiveUp('BadRequest', '--insecure-no-auth contradicts the callers or event tokens in the configuration.');
  }
  return anyone;
}

function apiRuntime(
  config: ServeConfig,
  embedded: Embedded,
  world: World,
  { messages }: Queues,
  everyone: Caller | undefined,
): ApiRuntime {
  const isAllowed: AddressFilter = addressFilter(config.callbacks.allowAddresses);
  return {
    world,
    messages,
    everyone,
    isAllowed,
    stores: config.stores,
    callers: config.callers.map(callerFrom),
    source: config.source,
    hook: config.lifecycle,
    send: post,
    newId: randomUUID,
    resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    listKeys: async (store, bucket, query) => {
      const page = await embedded.store(store).listObjects(bucket, query);
      return page.contents.map(({ key }) => key);
    },
  };
}

/** Brings the jobs of processes that are gone to their end. */
async function takeOver(embedded: Embedded, log: Log, signal: AbortSignal): Promise<void> {
  try {
    const outcomes = await embedded.resume({ signal });
    if (outcomes.length > 0) log.info('took over jobs of a process that is gone', { jobs: outcomes.length });
  } catch (error) {
    if (!(error instanceof Interrupted)) log.error('could not take over jobs', { error: String(error) });
  }
}

async function keepSweeping(
  embedded: Embedded,
  { events, messages }: Queues,
  { sweepSeconds }: ServeConfig,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = embedded.world;
  while (!signal.aborted) {
    try {
      const living = embedded.processes.living();
      events.reclaim(living);
      messages.reclaim(living);
      const report = await embedded.sweep({ wait: false });
      if (report.looked > 0) log.info('swept', { ...report });
    } catch (error) {
      log.error('the sweep failed', { error: String(error) });
    }
    await clock.sleep(sweepSeconds * 1000, signal);
  }
}
