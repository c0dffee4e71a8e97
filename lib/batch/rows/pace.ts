/**
 * How fast a batch may ask the store, over all its workers. A scope (the batch, the store's destination prefix, everything)
 * has one row in the state table, and every worker books its next requests there (GCRA: the row says when the next free
 * instant is). Without a limit there is no row, until a store says that we are too fast: then the scope gets a ceiling, which
 * halves with each second of throttling and rises slowly after it.
 */
import { isDeepStrictEqual } from 'node:util';
import { RetryLater } from '../../copy/model/errors.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { ObjectStore, World } from '../../copy/model/ports.ts';
import type { BatchWorld } from '../model/world.ts';
import type { Batch } from './batch-row.ts';
import type { Turn } from './pace-row.ts';
import { bookPace, returnPace, slowPace } from './pace-row.ts';
import { callerOf } from './priority.ts';
import { hearing, optionsAt } from './requests-of.ts';

/** Requests that are booked at once: so many as fit into this time, but no more than `bookAtMost`. */
const bookForMs = 250;
const bookAtMost = 200;
/** How often a worker without any limit looks whether there is one by now. */
const lookEveryMs = 1_000;

interface Scope {
  id: string;
  /** Requests a second that were asked for. */
  limit?: number;
}

/**
 * The scopes of a batch: its own limit; that of its caller for the destination prefix; the destination prefix, which all share
 * and which only the store's throttling slows down; and the limit of the whole installation.
 */
export function scopesOf(world: BatchWorld, { id, request }: Batch): Scope[] {
  const everybodys = world.settings.batchRequestsPerSecond;
  const { limits = {}, store, destination, mapping, rule } = request;
  const place =
    rule?.destinations[0]?.bucket ??
    destination?.bucket ??
    (request.source.kind === 'prefix' ? request.source.bucket : '');
  const prefix = mapping?.kind === 'prefix' ? mapping.to : '';
  const target = `${store.scheme}/${store.endpoint ?? store.region ?? ''}/${place}/${prefix}`;
  return [
    ...(limits.requestsPerSecond === undefined ? [] : [{ id: `pace/batch/${id}`, limit: limits.requestsPerSecond }]),
    ...(limits.prefixRequestsPerSecond === undefined
      ? []
      : [{ id: `pace/by/${callerOf(request)}/to/${target}`, limit: limits.prefixRequestsPerSecond }]),
    { id: `pace/to/${target}` },
    ...(everybodys === 0 ? [] : [{ id: 'pace/all', limit: everybodys }]),
  ];
}

export interface Paced {
  store: World['store'];
  /** Requests that were sent so far, retries included, by operation. */
  readonly calls: Record<string, number>;
  /** Tells other workers of what this one saw. Returns how many answers said that we are too fast. */
  end(): Promise<number>;
}

/** The stores of a world, each of whose requests waits for its turn. Made for one page. */
export function openPaced(world: BatchWorld, batch: Batch): Paced {
  const pacer = new Pacer(world, scopesOf(world, batch), batch.request.store);
  const { store: address } = batch.request;
  const store = pacer.guard(world.store(address));
  return {
    // A batch has one store; rules that lead back to its objects may name another.
    store: (wanted) => (isDeepStrictEqual(wanted, address) ? store : world.store(wanted)),
    calls: pacer.sent,
    end: async () => {
      await pacer.tellThrottling();
      await pacer.giveBack();
      return pacer.throttled;
    },
  };
}

class Pacer {
  readonly #world: BatchWorld;
  readonly #scopes: Scope[];
  readonly #address: StoreAddress;
  readonly #startedAt: number;
  /** Instants that are ours, epoch milliseconds. */
  #booked: number[] = [];
  /** Where they were booked. */
  #turns: { id: string; turn: Turn }[] = [];
  #free = false;
  #lookAt = 0;
  #booking: Promise<void> | undefined;
  #calls = 0;
  #seenBefore: number;
  #told = 0;
  throttled = 0;
  readonly sent: Record<string, number> = {};

  constructor(world: BatchWorld, scopes: Scope[], address: StoreAddress) {
    this.#world = world;
    this.#scopes = scopes;
    this.#address = address;
    this.#startedAt = world.clock.now();
    this.#seenBefore = world.throttled?.(address) ?? 0;
  }

  guard(store: ObjectStore): ObjectStore {
    const guarded: Record<string, unknown> = { ...store };
    for (const [name, call] of Object.entries(store)) {
      if (typeof call !== 'function') continue;
      guarded[name] = async (...args: unknown[]): Promise<unknown> => {
        // Memory answers: nothing is sent.
        if (name === 'region' && (args[optionsAt.region] as { ask?: boolean } | undefined)?.ask === false)
          return await (call as (...all: unknown[]) => Promise<unknown>)(...args);
        await this.#turn();
        this.#calls += 1;
        try {
          return await (call as (...all: unknown[]) => Promise<unknown>)(...this.#counted(name, args));
        } catch (error) {
          if (error instanceof RetryLater && error.throttled) this.throttled += 1;
          throw error;
        }
      };
    }
    return guarded as unknown as ObjectStore;
  }

  /** The arguments, with options that count what is sent. */
  #counted(name: string, args: unknown[]): unknown[] {
    const onRequest = (operation: string): void => {
      const called = operation === 'CreateMultipartUpload' ? 'InitiateMultipartUpload' : operation;
      this.sent[called] = (this.sent[called] ?? 0) + 1;
    };
    return hearing(name, args, onRequest);
  }

  async #turn(): Promise<void> {
    const { clock } = this.#world;
    for (;;) {
      const at = this.#booked.shift();
      if (at !== undefined) return at > clock.now() ? await clock.sleep(at - clock.now()) : undefined;
      if (this.#free && clock.now() < this.#lookAt) return;
      await (this.#booking ??= this.#book().finally(() => (this.#booking = undefined)));
      if (this.#free) return;
    }
  }

  /** The slowest scope decides; the others are booked as well, for all work shares their limits. */
  async #book(): Promise<void> {
    const { clock } = this.#world;
    await this.tellThrottling();
    this.#turns = [];
    for (const scope of this.#scopes) {
      const turn = await bookPace(this.#world, scope.id, scope.limit, { forMs: bookForMs, atMost: bookAtMost });
      if (turn) this.#turns.push({ id: scope.id, turn });
    }
    const booked = this.#turns.map(({ turn }) => turn);
    this.#free = booked.length === 0;
    this.#lookAt = clock.now() + lookEveryMs;
    if (this.#free) return;
    const count = Math.min(...booked.map((turn) => turn.count));
    this.#booked = Array.from({ length: count }, (_, n) => Math.max(...booked.map(({ at, gapMs }) => at + n * gapMs)));
  }

  /** What was booked and is not needed any more. */
  async giveBack(): Promise<void> {
    const left = this.#booked.splice(0).length;
    if (left === 0) return;
    for (const { id, turn } of this.#turns) {
      const used = Math.min(...this.#turns.map((one) => one.turn.count)) - left;
      await returnPace(this.#world, id, turn, turn.at + used * turn.gapMs);
    }
  }

  async tellThrottling(): Promise<void> {
    const { clock, throttled } = this.#world;
    const hidden = throttled?.(this.#address) ?? 0;
    this.throttled += hidden - this.#seenBefore;
    this.#seenBefore = hidden;
    if (this.throttled <= this.#told) return;
    this.#told = this.throttled;
    const seconds = Math.max(1, clock.now() - this.#startedAt) / 1000;
    const scope = this.#scopes.find(({ id }) => id.startsWith('pace/to/'));
    if (scope) await slowPace(this.#world, scope.id, Math.max(1, this.#calls / seconds));
  }
}
