/** Doing to one request what the fault rules say. */
import type { Reply } from './call.ts';
import type { Dialect } from './dialect.ts';
import { refuseAny } from './errors.ts';
import type { FaultEffect } from './faults.ts';

/** Thrown where the connection is to be dropped without an answer. */
export class Dropped extends Error {}
/** Thrown where bytes are to follow a 304. */
export class PoisonedConnection extends Error {}

/** The write of another client. */
export type Interference = Extract<FaultEffect, { kind: 'overwrite' | 'delete' }>;

/** How a fault reaches beyond its own request. */
export interface FaultWorld {
  sleep: (milliseconds: number) => Promise<unknown>;
  interfere: (effect: Interference) => Promise<void>;
}

export class FaultRun {
  readonly #effects: readonly FaultEffect[];
  readonly #dialect: Dialect;
  readonly #world: FaultWorld;

  constructor(effects: readonly FaultEffect[], dialect: Dialect, world: FaultWorld) {
    this.#effects = effects;
    this.#dialect = dialect;
    this.#world = world;
  }

  /** For the request record: what was done. */
  get names(): string | undefined {
    return this.#effects.map(({ kind }) => kind).join('+') || undefined;
  }

  /** Returns an answer that replaces the operation's, or throws one of the errors above or a Refusal. */
  async before(): Promise<Reply | undefined> {
    for (const effect of this.#effects) {
      if (effect.kind === 'latency') await this.#world.sleep(effect.ms);
      if (effect.kind === 'not-modified-with-body') throw new PoisonedConnection();
      const reply = await this.#strike(effect, 'before');
      if (reply) return reply;
    }
    return undefined;
  }

  /** After the operation took effect; `copied` bytes moved inside the store. */
  async after(copied: number): Promise<Reply | undefined> {
    for (const effect of this.#effects) {
      if (effect.kind === 'bandwidth' && copied > 0) {
        await this.#world.sleep((effect.latencyMs ?? 0) + (copied / effect.bytesPerSecond) * 1000);
      }
      const reply = await this.#strike(effect, 'after');
      if (reply) return reply;
    }
    return undefined;
  }

  async #strike(effect: FaultEffect, when: 'before' | 'after'): Promise<Reply | undefined> {
    if (!('when' in effect ? effect.when === when : when === 'before')) return undefined;
    if (effect.kind === 'overwrite' || effect.kind === 'delete') await this.#world.interfere(effect);
    if (effect.kind === 'drop') throw new Dropped();
    if (effect.kind === 'error-in-200') {
      const Code = effect.code ?? 'InternalError';
      return { status: 200, xml: { root: 'Error', value: { Code, Message: 'Injected after the status was sent.' } } };
    }
    if (effect.kind === 'error') throw this.#refusal(effect);
    return undefined;
  }

  #refusal({ status, code, message, ec, delayMs }: Extract<FaultEffect, { kind: 'error' }>): Error {
    const isOss = this.#dialect.name === 'oss';
    const standard = status === 503 ? (isOss ? 'TotalQpsLimitExceeded' : 'SlowDown') : 'InternalError';
    const headers: Record<string, string> =
      delayMs === undefined
        ? {}
        : isOss
          ? { 'x-oss-qos-delay-time': String(delayMs) }
          : { 'retry-after': String(Math.ceil(delayMs / 1000)) };
    return refuseAny(code ?? standard, status, { headers, ...(message && { message }), ...(ec && { ec }) });
  }
}
