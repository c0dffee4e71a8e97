import { optionsFor, type Config, type Env, type Scheme } from '../../config/env.ts';
import { withoutLineEnds } from '../../config/environment.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { Clock, Log } from '../../copy/model/ports.ts';
import type { Dispatcher } from 'undici';
import { GiveUp, RetryLater } from '../../copy/model/errors.ts';
import { readCustomerKey, type CustomerKey } from '../../profiles/customer-key.ts';
import { readNetwork } from '../../profiles/network.ts';
import { openAgent } from '../../store/http/connection.ts';
import { credentialsFor } from '../../store/sign/credentials.ts';
import type { CredentialsProvider } from '../../store/sign/credentials.ts';
import { openStore } from '../../store/open.ts';
import type { RequestInfo, StoreClient, StoreConfig } from '../../store/open.ts';

/** Requests in flight to one store, unless part copies want more; the client lowers it when the store pushes back. */
const requestsAtOnce = 128;

/** How long a task waits for a key of the customer that is not there, milliseconds. */
const keyRetryMs = 60_000;

export interface StoresOptions {
  config?: Pick<Config, 'stores' | 'named'>;
  /** In place of looking where people keep credentials. */
  credentials?: Partial<Record<Scheme, CredentialsProvider>>;
  /** Where credentials are looked for; default: the process environment. */
  env?: Env;
  onRequest?: (info: RequestInfo) => void;
  /** Opens a client; default `openStore`. */
  open?: (config: StoreConfig) => StoreClient;
  clock: Clock;
  random: () => number;
  log: Log;
  concurrency: number;
}

/** One client for each address, kept as long as the process: connections and signing keys are worth keeping. */
export class Stores {
  readonly #options: StoresOptions;
  readonly #clients = new Map<string, StoreClient>();
  readonly #credentials = new Map<string, CredentialsProvider>();
  /** By the certificate authorities that they trust. */
  readonly #agents = new Map<string | undefined, Dispatcher>();

  constructor(options: StoresOptions) {
    this.#options = options;
  }

  /** @throws GiveUp BadRequest for an address that cannot be used. */
  get(address: StoreAddress): StoreClient {
    const { scheme, endpoint, region, profile, role, requestPayer, customerKeys } = address;
    const key = JSON.stringify([scheme, endpoint, region, profile, role, requestPayer, customerKeys]);
    const known = this.#clients.get(key);
    if (known) return known;
    const { open = openStore, config, clock, random, log, onRequest, concurrency } = this.#options;
    const { addressing, cname, internal, caBundle } = optionsFor(config, address) ?? {};
    const maxConcurrency = Math.max(requestsAtOnce, concurrency);
    const client = open({
      address: {
        ...{ scheme, endpoint, region, profile, role },
        ...(requestPayer && { requestPayer }),
        ...(customerKeys && { customerKeys }),
      },
      customerKey: (reference) => this.#customerKey(reference),
      credentials: this.#credentialsOf(address),
      addressing,
      cname,
      internal,
      clock,
      random,
      log,
      onRequest,
      maxConcurrency,
      dispatcher: this.#agentFor(caBundle, maxConcurrency),
    });
    this.#clients.set(key, client);
    return client;
  }

  /** A worker that lacks a key leaves the job to one that has it, or to the time when it is there again. */
  #customerKey(reference: string): CustomerKey {
    try {
      return readCustomerKey(reference, this.#env);
    } catch (error) {
      if (!(error instanceof GiveUp)) throw error;
      throw new RetryLater(error.message, { delayMs: keyRetryMs, cause: error });
    }
  }

  #agentFor(caBundle: string | undefined, maxConnections: number): Dispatcher {
    const known = this.#agents.get(caBundle);
    if (known) return known;
    const agent = openAgent(maxConnections, readNetwork(this.#env, caBundle));
    this.#agents.set(caBundle, agent);
    return agent;
  }

  get #env(): Env {
    return withoutLineEnds(this.#options.env ?? process.env);
  }

  #credentialsOf({ scheme, endpoint, region, profile, role }: StoreAddress): CredentialsProvider {
    const given = this.#options.credentials?.[scheme];
    if (given) return given;
    const key = JSON.stringify([scheme, profile, role, ...(role === undefined ? [] : [endpoint, region])]);
    let provider = this.#credentials.get(key);
    if (!provider) {
      const elsewhere = endpoint !== undefined && !/\.(?:amazonaws\.com(?:\.cn)?)$/.test(new URL(endpoint).hostname);
      const place = { env: this.#env, profile, role, region, ...(elsewhere && { endpoint }) };
      provider = credentialsFor(scheme, place);
      this.#credentials.set(key, provider);
    }
    return provider;
  }

  /** Waits for requests under way, or with `now` cuts them off. */
  async close(now = false): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    this.#clients.clear();
    await Promise.all([...this.#agents.values()].map((agent) => (now ? agent.destroy() : agent.close())));
    this.#agents.clear();
  }
}
