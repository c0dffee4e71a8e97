/** Whether the places of a service can be used: checked at the start, at the first sign of trouble, and now and then. */
import type { StoreAddress } from '../../copy/model/object.ts';
import type { Clock, Log } from '../../copy/model/ports.ts';
import { forEachLimited } from '../../copy/model/for-each-limited.ts';
import type { StoreClient } from '../../store/open.ts';
import { checkPlace, type Trouble } from './check-place.ts';
import { nameOf, type Place } from './places.ts';

export interface HealthParts {
  places: readonly Place[];
  client(address: StoreAddress): StoreClient;
  /** Writes to the disk. @throws when that cannot be done. */
  writeProbe(): Promise<void>;
  clock: Clock;
  log: Log;
}

/** A place that can be used is looked at this often, milliseconds: a list request of a store costs little, but not nothing. */
const calmMs = 300_000;
/** One that cannot: after this, twice as long each time, and no longer than the last. */
const firstMs = 1_000;
const longestMs = 30_000;
/** The disk is written to this often. */
const probeMs = 10_000;
const tickMs = 500;
const checksAtOnce = 8;

interface State {
  place: Place;
  trouble?: Trouble;
  failures: number;
  nextAt: number;
}

export class Health {
  readonly #parts: HealthParts;
  readonly #states: State[];
  #isKnown = false;
  #disk: string | undefined;
  #probeAt = 0;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    this.#states = parts.places.map((place) => ({ place, failures: 0, nextAt: 0 }));
  }

  /** Checks until the signal. Never throws. */
  async keep(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      const now = clock.now();
      const due = this.#states.filter(({ nextAt }) => nextAt <= now);
      await Promise.all([
        forEachLimited(due, checksAtOnce, (state) => this.#look(state)),
        this.#probeAt <= now ? this.#probe() : undefined,
      ]);
      this.#isKnown = true;
      await clock.sleep(tickMs, signal);
    }
  }

  /** An attempt for the rule has failed: its places are looked at at once. Those in trouble have their own time. */
  suspect(rule: string): void {
    const soon = this.#parts.clock.now();
    for (const state of this.#states)
      if (!state.trouble && state.place.rules.includes(rule))
        state.nextAt = Math.min(state.nextAt, Math.max(soon, state.nextAt - calmMs + firstMs));
  }

  /** A write to the disk has failed. */
  suspectDisk(): void {
    this.#probeAt = 0;
  }

  /** What keeps a rule from working. */
  troubleOf(rule: string): string | undefined {
    return this.#states.find(({ place, trouble }) => trouble && place.rules.includes(rule))?.trouble?.message;
  }

  /** Why no work can be taken; undefined when it can. One rule's missing bucket is no reason: other rules go on. */
  notReady(): string | undefined {
    if (!this.#isKnown) return 'the stores are being checked';
    const reasons = this.#states.flatMap(({ place, trouble }) =>
      trouble?.stopsAll ? [`${nameOf(place)}: ${trouble.message}`] : [],
    );
    if (this.#disk !== undefined) reasons.unshift(this.#disk);
    return reasons.length === 0 ? undefined : reasons.join('; ');
  }

  async #look(state: State): Promise<void> {
    const { client, clock, log } = this.#parts;
    const { place, trouble: before } = state;
    let trouble: Trouble | undefined;
    try {
      trouble = await checkPlace(client(place.store), place, clock.now());
    } catch (error) {
      trouble = { code: 'Unexpected', message: String(error), stopsAll: false };
    }
    state.trouble = trouble;
    state.failures = trouble ? state.failures + 1 : 0;
    const pause = trouble ? Math.min(longestMs, firstMs * 2 ** (state.failures - 1)) : calmMs;
    state.nextAt = clock.now() + pause;
    const fields = { place: nameOf(place), code: trouble?.code, error: trouble?.message };
    if (trouble && trouble.code !== before?.code) log.error('a store cannot be used', fields);
    else if (!trouble && before) log.info('a store can be used again', fields);
  }

  async #probe(): Promise<void> {
    const { writeProbe, clock, log } = this.#parts;
    const before = this.#disk;
    try {
      await writeProbe();
      this.#disk = undefined;
      if (before !== undefined) log.info('the disk can be written again', {});
    } catch (error) {
      this.#disk = error instanceof Error ? error.message : String(error);
      if (before === undefined) log.error('the disk cannot be written', { error: this.#disk });
    }
    this.#probeAt = clock.now() + (this.#disk === undefined ? probeMs : firstMs);
  }
}
