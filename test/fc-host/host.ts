/** Function Compute in one process: functions, their asynchronous invocations, the API that starts them, timers, HTTP triggers. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Keys } from '../../lib/queue/fc/sign.ts';
import type { ApiFaults, Deployed, Seen } from './api.ts';
import { startApi } from './api.ts';
import type { AsyncOptions, Failure } from './async-queue.ts';
import { AsyncQueue } from './async-queue.ts';
import { startFront } from './front.ts';
import type { FunctionOptions } from './function.ts';
import { FcFunction } from './function.ts';

export interface HostOptions {
  /** Keys that the API accepts. */
  keys: () => Keys[];
  /** In [0, 1); default Math.random. */
  random?: () => number;
  /** Epoch milliseconds, by which messages wait and signatures grow old; default Date.now. */
  now?: () => number;
}

export interface FcHost {
  /** Base URL of the API. */
  endpoint: string;
  /** To be changed at any time. */
  faults: ApiFaults;
  /** Calls of the API, in their order. */
  seen: Seen[];
  /** The destination of what failed for good: the messages of one SMQ queue. */
  deadLetters: Failure[];
  deploy(options: FunctionOptions, asynchronous?: Partial<AsyncOptions>): FcFunction;
  /** An asynchronous invocation by a trigger. */
  trigger(name: string, event: unknown): void;
  /** A timer; its event is an asynchronous invocation. */
  every(ms: number, name: string): void;
  /** An HTTP trigger; returns its base URL. */
  front(name: string): Promise<string>;
  queueOf(name: string): AsyncQueue;
  /** Messages on their way, of all functions. */
  pending(): number;
  close(): Promise<void>;
}

export async function startFcHost({ keys, random = Math.random, now = Date.now }: HostOptions): Promise<FcHost> {
  const functions = new Map<string, Deployed>();
  const faults: ApiFaults = { busy: 0, lostAnswers: 0 };
  const seen: Seen[] = [];
  const deadLetters: Failure[] = [];
  const servers: Server[] = [await startApi({ functions, keys, random, faults, now }, seen)];
  const timers: NodeJS.Timeout[] = [];
  const named = (name: string): Deployed => {
    const found = functions.get(name);
    if (!found) throw new Error(`no function ${name} is deployed`);
    return found;
  };
  const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint: urlOf(servers[0] as Server),
    ...{ faults, seen, deadLetters },
    deploy(options, asynchronous = {}) {
      const fc = new FcFunction(options);
      const defaults = { maxRetries: 3, retryMs: 1_000, second: 1_000, random, now, duplicates: 0, lost: 0 };
      const queue = new AsyncQueue(fc, { ...defaults, ...asynchronous }, (failure) => void deadLetters.push(failure));
      functions.set(options.name, { fc, queue });
      return fc;
    },
    trigger: (name, event) => void named(name).queue.accept(Buffer.from(JSON.stringify(event))),
    every(ms, name) {
      const event = { triggerTime: new Date().toISOString(), triggerName: 'every', payload: '' };
      timers.push(setInterval(() => void named(name).queue.accept(Buffer.from(JSON.stringify(event))), ms));
    },
    async front(name) {
      const server = await startFront(() => named(name).fc);
      servers.push(server);
      return urlOf(server);
    },
    queueOf: (name) => named(name).queue,
    pending: () => [...functions.values()].reduce((sum, { queue }) => sum + queue.size, 0),
    async close() {
      for (const timer of timers) clearInterval(timer);
      const all = [...functions.values()];
      // Killed first: what is under way ends with its instance, and is not repeated.
      const closing = Promise.all(all.map(({ queue }) => queue.close()));
      await Promise.all(all.map(({ fc }) => fc.close()));
      await closing;
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}
