import type { Clock, Log } from '../../copy/model/ports.ts';
import type { ProcessRegistry } from '../../state/processes.ts';

/** Well within `heartbeatLimitMs`, also when a beat is late. */
const everyMs = 10_000;

/** Sends heartbeats while work is in progress. Read-only commands start no timer. */
export class Heartbeat {
  readonly #processes: ProcessRegistry;
  readonly #clock: Clock;
  readonly #log: Log;
  #holders = 0;
  #stop: AbortController | undefined;

  constructor(processes: ProcessRegistry, clock: Clock, log: Log) {
    this.#processes = processes;
    this.#clock = clock;
    this.#log = log;
  }

  /** Beats while `work` goes on. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    const release = this.hold();
    try {
      return await work();
    } finally {
      release();
    }
  }

  /** Beats until the returned function is called. */
  hold(): () => void {
    this.#holders += 1;
    if (this.#holders === 1) void this.#beat();
    return () => {
      this.#holders -= 1;
      if (this.#holders === 0) this.#stop?.abort();
    };
  }

  async #beat(): Promise<void> {
    const stop = new AbortController();
    this.#stop = stop;
    while (!stop.signal.aborted) {
      try {
        this.#processes.heartbeat();
      } catch (error) {
        this.#log.warn('no heartbeat', { error: String(error) });
      }
      await this.#clock.sleep(everyMs, stop.signal);
    }
  }
}
