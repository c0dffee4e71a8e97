/** A Lambda function: as many execution environments as are needed at once, kept for later invocations. */
import type { EnvironmentOptions, Outcome } from './environment.ts';
import { Environment } from './environment.ts';

export interface FunctionOptions extends EnvironmentOptions {
  name: string;
  timeoutMs: number;
}

/** What is billed and watched. */
export interface FunctionCounts {
  invocations: number;
  coldStarts: number;
  errors: number;
  timeouts: number;
  killed: number;
  /** Most invocations at one time. */
  peak: number;
  /** Of all invocations together. */
  milliseconds: number;
}

export class LambdaFunction {
  readonly counts: FunctionCounts = {
    invocations: 0,
    coldStarts: 0,
    errors: 0,
    timeouts: 0,
    killed: 0,
    peak: 0,
    milliseconds: 0,
  };
  readonly name: string;
  readonly #options: FunctionOptions;
  readonly #idle: Environment[] = [];
  /** Each with the event that it works on. */
  readonly #busy = new Map<Environment, unknown>();

  constructor(options: FunctionOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Runs one invocation in a warm environment, or in a new one. */
  async invoke(event: unknown): Promise<Outcome> {
    const environment = await this.#take(event);
    this.counts.invocations += 1;
    this.counts.peak = Math.max(this.counts.peak, this.#busy.size);
    const began = performance.now();
    try {
      const outcome = await environment.invoke(JSON.stringify(event), this.#options.timeoutMs);
      if ('failed' in outcome) this.#countFailure(outcome.failed);
      return outcome;
    } finally {
      this.counts.milliseconds += performance.now() - began;
      this.#busy.delete(environment);
      if (environment.stalled) environment.kill();
      else if (environment.alive) this.#idle.push(environment);
    }
  }

  /** Invocations under way. */
  get running(): number {
    return this.#busy.size;
  }

  /** Kills or stalls one of the environments that work on an event that `isFair` allows. Returns the event, if there was one. */
  strike(how: 'kill' | 'stall', random: () => number, isFair: (event: unknown) => boolean = () => true): unknown {
    const busy = [...this.#busy].filter(([{ stalled }, event]) => !stalled && isFair(event));
    const [victim, event] = busy[Math.floor(random() * busy.length)] ?? [];
    if (how === 'kill') victim?.kill();
    else victim?.stall();
    return event;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#idle, ...this.#busy.keys()].map((environment) => environment.close()));
  }

  async #take(event: unknown): Promise<Environment> {
    for (let warm = this.#idle.pop(); warm; warm = this.#idle.pop()) {
      if (!warm.alive) continue;
      this.#busy.set(warm, event);
      return warm;
    }
    this.counts.coldStarts += 1;
    const environment = await Environment.start(this.#options);
    this.#busy.set(environment, event);
    return environment;
  }

  #countFailure(failed: 'error' | 'timeout' | 'exit'): void {
    if (failed === 'error') this.counts.errors += 1;
    else if (failed === 'timeout') this.counts.timeouts += 1;
    else this.counts.killed += 1;
  }
}
