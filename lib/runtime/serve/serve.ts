/** `ferry serve`: API, event endpoint, workers and sweep in one process, on the embedded adapters. */
import { randomUUID } from 'node:crypto';
import { notifier, observed } from '../../api/callbacks/notify.ts';
import { callerFrom, digest } from '../../api/callers/callers.ts';
import { handleApi } from '../../api/handle.ts';
import type { ServeConfig } from '../../config/file.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { Job } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { Log } from '../../copy/model/ports.ts';
import type { Embedded, EmbeddedOptions } from '../embedded/open.ts';
import { openEmbedded } from '../embedded/open.ts';
import { apiRuntime, everyoneOf } from '../shared/api-deps.ts';
import { runTask } from '../shared/run-task.ts';
import type { Runtime } from '../shared/runtime.ts';
import { systemClock } from '../shared/system-clock.ts';
import { placesOf } from '../watch/places.ts';
import { openServeWatch } from '../watch/serve-watch.ts';
import { admissionOf } from './admission.ts';
import { keepSweeping, takeOver } from './background.ts';
import { Burst } from './burst.ts';
import type { HttpParts, Listening } from './http.ts';
import { listen } from './http.ts';
import { mayMeasure, metricsReader } from './guards.ts';
import type { Pools } from './pools.ts';
import { openPools } from './pools.ts';
import type { PostedEvent } from './post-event.ts';
import { postEvent } from './post-event.ts';
import { eventAgain, keepTrying } from './keep-trying.ts';
import type { Queues } from './queues.ts';
import { openQueues, roomForUnknown } from './queues.ts';
import { readPage } from './sns-subscription.ts';

export interface ServeOptions extends Omit<EmbeddedOptions, 'run' | 'rules' | 'log'> {
  serve: ServeConfig;
  log: Log;
  /** Disables authentication; only allowed on a loopback address. */
  insecureNoAuth?: boolean;
}

export interface Serving {
  url: string;
  /** Takes nothing more, lets what is under way end, keeps the rest for the next start. */
  close(): Promise<void>;
}

const defaultGraceMs = 10_000;

/** How long one answer may take; clients and proxies rarely wait longer. */
const requestMs = 25_000;

/**
 * @throws GiveUp BadRequest if no caller is configured, if an unauthenticated server would listen on a public address, or if
 * the port is in use; StateUnusable.
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { serve: config, log, graceMs = defaultGraceMs, clock = systemClock, onRequest } = options;
  const everyone = everyoneOf(config, options.insecureNoAuth);
  const watch = openServeWatch(
    config.rules,
    () => ({ embedded, queues }),
    () => clock.now(),
  );
  const { metrics } = watch;
  const embedded = await openEmbedded({
    ...options,
    observe: (state) => observed(state, onState),
    rules: config.rules,
    requestsOf: watch.rules.requestsOf,
    run: async (world, rules, batches, task, invocation) => {
      try {
        await watch.rules.duringTask(world, task, (its) => runTask(its, rules, batches, task, invocation));
      } catch (error) {
        const isRules = task.kind === 'copy' && task.request.labels?.['rule'] !== undefined;
        throw isRules && task.jobId === undefined ? keepTrying(error, invocation.attempt) : error;
      }
      metrics.count('ferry_tasks_done_total', { kind: task.kind });
    },
    onRequest: (info) => {
      metrics.count('ferry_store_requests_total', { operation: info.operation, status: String(info.status ?? 'none') });
      onRequest?.(info);
    },
  });
  const queues: Queues = openQueues(embedded, (name) => pools[name as keyof Pools]?.wake());
  const { world, batches } = embedded;
  await watch.begin(world, placesOf(config.rules, config.callers.map(callerFrom), config.stores));
  const api = {
    ...apiRuntime(config, { world, batches, messages: queues.messages }, everyone),
    rules: () => watch.statuses(),
    forJob: watch.rules.forJob,
  };
  const notify = notifier(api);
  async function onState(job: Job): Promise<void> {
    const ended = job.batch === undefined ? 'ferry_jobs_ended_total' : 'ferry_batches_ended_total';
    if (isFinal(job.state)) metrics.count(ended, { mode: job.mode, state: job.state });
    watch.rules.jobMoved(job);
    await keepEvent(job);
    await notify(job);
  }
  /** The event behind the job was acknowledged when the job began. */
  async function keepEvent(job: Job): Promise<void> {
    const again = eventAgain(job, world.clock.now());
    if (!again) return;
    const message: PostedEvent = { kind: 'events', events: [again.event] };
    try {
      if (again.delayMs === undefined) await queues.events.keepDead([message], 1, again.reason);
      else await queues.events.send([message], { delayMs: again.delayMs });
    } catch (error) {
      log.error('the event behind a job that failed cannot be kept', { job: job.id, error: String(error) });
    }
  }
  const runtime: Runtime = { world, rules: config.rules, watch: watch.rules, api, batches };
  const burst = new Burst(world.clock);
  const holder = embedded.processes.token;
  const pools = openPools({ runtime, log, queues, holder, isBusy: () => burst.isOn() });

  const tokenDigests = config.eventTokens.map(digest);
  const admission = { callers: api.callers, everyone, tokenDigests, clock: world.clock };
  const readers = [...api.callers, ...metricsReader(config.metricsTokens)];
  const stop = new AbortController();
  const hasRoom = roomForUnknown(queues.events, world.clock, config.deadLetters.unknownMegabytes * 1_000_000);
  const http = await listenOrClose(embedded, config, {
    api: (request) =>
      handleApi(api, request, { id: randomUUID(), deadline: world.clock.now() + requestMs, attempt: 1 }),
    postEvent: (request) =>
      postEvent(
        {
          ...admission,
          ...{ log, hasRoom },
          sns: { topics: config.snsTopics, read: readPage },
          skipped: (dropped) => {
            for (const [why, count] of Object.entries(dropped)) {
              if (count > 0) metrics.count('ferry_events_skipped_total', { why }, count);
            }
            if (dropped.other > 0) log.info('skipped', { why: 'no-change-of-an-object', events: dropped.other });
          },
          keep: async (event) => {
            burst.arrived();
            try {
              await queues.events.send([event]);
            } catch (error) {
              watch.health?.suspectDisk();
              throw error;
            }
            metrics.count('ferry_events_kept_total');
          },
        },
        request,
      ),
    admit: (head) => admissionOf(admission, head),
    refuseBrowsers: everyone !== undefined,
    notReady: () => (stop.signal.aborted ? 'it is stopping' : watch.health?.notReady()),
    mayMeasure: (head) => mayMeasure(config.host, readers, head),
    metrics,
    log,
  });
  const background = Promise.all([
    takeOver(embedded, log, stop.signal),
    keepSweeping(embedded, queues, config, stop.signal),
    watch.keep(stop.signal),
  ]);
  embedded.startInbox();
  for (const pool of Object.values(pools)) pool.wake();
  log.info('serving', { url: http.url, callers: config.callers.length, rules: config.rules.routes.length });
  const end = async (): Promise<void> => {
    stop.abort();
    await http.close(graceMs);
    await Promise.all(Object.values(pools).map((pool) => pool.stop(graceMs)));
    await background;
    await watch.flush();
    queues.events.release();
    queues.messages.release();
    await embedded.close();
    log.info('stopped; unfinished work is saved and resumes on the next start', {});
  };
  let ending: Promise<void> | undefined;
  return { url: http.url, close: () => (ending ??= end()) };
}

async function listenOrClose(
  embedded: Embedded,
  at: { host: string; port: number },
  parts: HttpParts,
): Promise<Listening> {
  try {
    return await listen(parts, at);
  } catch (error) {
    await embedded.close();
    throw new GiveUp('BadRequest', `Cannot listen on ${at.host}, port ${at.port}: ${String(error)}`, { cause: error });
  }
}
