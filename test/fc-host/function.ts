/** A function of Function Compute 3: as many instances as are needed at once, up to its reserved concurrency. */
import { randomUUID } from 'node:crypto';
import type { Keys } from '../../lib/queue/fc/sign.ts';
import type { Call, InstanceOptions, Outcome } from './instance.ts';
import { Instance } from './instance.ts';

export interface FunctionOptions extends InstanceOptions {
  name: string;
  timeoutSeconds: number;
  /** Invocations that one instance has at once. */
  instanceConcurrency: number;
  /** Instances; what comes beyond is throttled. */
  mostInstances: number;
  region: string;
  /** Milliseconds by which the clock of the instances is ahead. */
  ahead?: () => number;
  /** Of the function's role, new ones for each invocation if the test wants. */
  keys: () => Keys | undefined;
}

/** What is billed and watched. */
export interface FunctionCounts {
  invocations: number;
  coldStarts: number;
  throttled: number;
  errors: number;
  timeouts: number;
  killed: number;
  /** Most invocations at one time. */
  peak: number;
}

interface Place {
  starting: Promise<Instance>;
  /** Once it has started. */
  instance?: Instance;
  /** Invocations that it has, or that wait for its start. */
  places: number;
}

export class FcFunction {
  readonly counts: FunctionCounts = {
    ...{ invocations: 0, coldStarts: 0, throttled: 0, errors: 0, timeouts: 0, killed: 0, peak: 0 },
  };
  readonly options: FunctionOptions;
  readonly #instances: Place[] = [];

  constructor(options: FunctionOptions) {
    this.options = options;
  }

  get name(): string {
    return this.options.name;
  }

  /** An event; undefined when it is throttled. */
  async invoke(body: Buffer, requestId: string = randomUUID(), retryCount = 0): Promise<Outcome | undefined> {
    const headers = { ...this.#headers(requestId, retryCount, '/invoke'), 'content-type': 'application/octet-stream' };
    return await this.#run({ method: 'POST', path: '/invoke', headers, body });
  }

  /** The request of a client, passed on as it is; undefined when it is throttled. */
  async pass({ method, path, headers, body }: Call, requestId: string = randomUUID()): Promise<Outcome | undefined> {
    const own = Object.entries(headers).filter(([name]) => !name.startsWith('x-fc-'));
    const all = { ...Object.fromEntries(own), ...this.#headers(requestId, 0, '/http-invoke') };
    return await this.#run({ method, path, headers: all, body });
  }

  /** Invocations under way, those that wait for the start of an instance included. */
  get running(): number {
    return this.#instances.reduce((sum, { places }) => sum + places, 0);
  }

  /**
   * Does something bad to one of the instances that are at work, if `isFair` says so of all the bodies that it works on. Returns
   * these; undefined when there was no such instance.
   */
  strike(
    how: 'kill' | 'stall',
    random: () => number,
    isFair: (bodies: Buffer[]) => boolean = () => true,
  ): Buffer[] | undefined {
    const busy = this.#instances.flatMap(({ instance }) =>
      instance?.alive && !instance.stalled && instance.underWay.size > 0 && isFair([...instance.underWay])
        ? [instance]
        : [],
    );
    const victim = busy[Math.floor(random() * busy.length)];
    const bodies = victim && [...victim.underWay];
    if (how === 'kill') victim?.kill();
    else victim?.stall();
    return bodies;
  }

  /** Ends the instances that are idle, as the service does after some minutes. */
  async idle(): Promise<void> {
    const idle = this.#instances.filter(({ places }) => places === 0);
    await Promise.all(idle.map(async ({ starting }) => (await starting).close()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#instances.map(async ({ starting }) => (await starting).close()));
  }

  #headers(requestId: string, retryCount: number, control: string): Record<string, string> {
    const { name, timeoutSeconds, region, keys, ahead } = this.options;
    // A function without a role has the headers, and nothing in them.
    const { accessKeyId = '', accessKeySecret = '', securityToken = '' } = keys() ?? {};
    return {
      'x-fc-request-id': requestId,
      'x-fc-account-id': '1234567890123456',
      'x-fc-region': region,
      'x-fc-function-name': name,
      'x-fc-function-handler': 'index.handler',
      'x-fc-function-memory': '512',
      'x-fc-function-timeout': String(timeoutSeconds),
      'x-fc-retry-count': String(retryCount),
      'x-fc-control-path': control,
      'x-fc-qualifier': 'LATEST',
      'x-fc-client-ip': '127.0.0.1',
      'x-fc-access-key-id': accessKeyId,
      'x-fc-access-key-secret': accessKeySecret,
      'x-fc-security-token': securityToken,
      ...(ahead && { 'x-host-ahead': String(ahead()) }),
    };
  }

  async #run(call: Call): Promise<Outcome | undefined> {
    const place = this.#take();
    if (!place) {
      this.counts.throttled += 1;
      return undefined;
    }
    place.places += 1;
    this.counts.invocations += 1;
    this.counts.peak = Math.max(this.counts.peak, this.running);
    try {
      const instance = await place.starting;
      const outcome = await instance.invoke(call, this.options.timeoutSeconds * 1000);
      if ('failed' in outcome) this.#countFailure(outcome.failed);
      return outcome;
    } finally {
      place.places -= 1;
    }
  }

  #take(): Place | undefined {
    const { instanceConcurrency, mostInstances } = this.options;
    for (let at = this.#instances.length - 1; at >= 0; at -= 1) {
      const instance = this.#instances[at]?.instance;
      if (instance && !instance.alive) this.#instances.splice(at, 1);
    }
    const open = this.#instances.find(
      ({ places, instance }) => places < instanceConcurrency && instance?.stalled !== true,
    );
    if (open) return open;
    if (this.#instances.length >= mostInstances) return undefined;
    this.counts.coldStarts += 1;
    const started: Place = { starting: Instance.start(this.options), places: 0 };
    void started.starting.then((instance) => (started.instance = instance));
    this.#instances.push(started);
    return started;
  }

  #countFailure(failed: 'error' | 'timeout' | 'exit'): void {
    if (failed === 'error') this.counts.errors += 1;
    else if (failed === 'timeout') this.counts.timeouts += 1;
    else this.counts.killed += 1;
  }
}
