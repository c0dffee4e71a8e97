import { homedir } from 'node:os';
import type { Config, Env, Scheme } from '../../config/env.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { Clock, Log } from '../../copy/model/ports.ts';
import type { Dispatcher } from 'undici';
import { openAgent } from '../../store/http/connection.ts';
import { credentialsFor } from '../../store/sign/credentials.ts';
import type { CredentialsProvider } from '../../store/sign/credentials.ts';
import { openStore } from '../../store/open.ts';
import type { RequestInfo, StoreClient, StoreConfig } from '../../store/open.ts';

/** Requests in flight to one store, unless part copies want more; the client lowers it when the store pushes back. */
const requestsAtOnce = 128;

export interface StoresOptions {
  config?: Pick<Config, 'stores'>;
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
  #agent: Dispatcher | undefined;
  readonly #credentials = new Map<Scheme, CredentialsProvider>();

  constructor(options: StoresOptions) {
    this.#options = options;
  }

  /** @throws GiveUp BadRequest for an address that cannot be used. */
  get(address: StoreAddress): StoreClient {
    const { scheme, endpoint, region } = address;
    const key = JSON.stringify([scheme, endpoint, region]);
    const known = this.#clients.get(key);
    if (known) return known;
    const { open = openStore, config, clock, random, log, onRequest, concurrency } = this.#options;
    const { addressing, cname, internal } = config?.stores[scheme] ?? {};
    const maxConcurrency = Math.max(requestsAtOnce, concurrency);
    this.#agent ??= openAgent(maxConcurrency);
    const client = open({
      address: { scheme, endpoint, region },
      credentials: this.#credentialsOf(scheme),
      addressing,
      cname,
      internal,
      clock,
      random,
      log,
      onRequest,
      maxConcurrency,
      dispatcher: this.#agent,
    });
    this.#clients.set(key, client);
    return client;
  }

  #credentialsOf(scheme: Scheme): CredentialsProvider {
    const { credentials, env = process.env } = this.#options;
    let provider = credentials?.[scheme] ?? this.#credentials.get(scheme);
    if (!provider) {
      provider = credentialsFor(scheme, { env, home: homedir() });
      this.#credentials.set(scheme, provider);
    }
    return provider;
  }

  /** Waits for requests under way, or with `now` cuts them off. */
  async close(now = false): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    this.#clients.clear();
    await (now ? this.#agent?.destroy() : this.#agent?.close());
    this.#agent = undefined;
  }
}
