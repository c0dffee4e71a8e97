/** The table of jobs and of shared records, opened when first used: a small object is replicated without it. */
import type { Clock, SharedRecords, StateTable } from '../../copy/model/ports.ts';
import type { Keys } from '../../queue/fc/sign.ts';
import { once } from '../shared/once.ts';

export interface TablePlace {
  /** Base URL of the instance. */
  endpoint: string;
  instance: string;
  table: string;
  credentials: () => Promise<Keys>;
  clock: Clock;
}

export interface OpenedState {
  state: StateTable;
  shared: SharedRecords;
  /** Deletes rows whose time has come; the table cannot do that itself. Returns how many. */
  purge(): Promise<number>;
}

export type OpenState = (place: TablePlace) => Promise<OpenedState>;

export function lazyState(open: OpenState, place: TablePlace): OpenedState {
  const opened = once(() => open(place));
  const state = async () => (await opened()).state;
  const shared = async () => (await opened()).shared;
  return {
    state: {
      create: async (job) => (await state()).create(job),
      get: async (id) => (await state()).get(id),
      move: async (job, change) => (await state()).move(job, change),
      count: async (id, parts, attentionAt) => (await state()).count(id, parts, attentionAt),
      due: async (before, limit) => (await state()).due(before, limit),
      list: async (query) => (await state()).list(query),
    },
    shared: {
      get: async (id) => (await shared()).get(id),
      compareAndSet: async (id, found, value, expiresAt) => (await shared()).compareAndSet(id, found, value, expiresAt),
    },
    purge: async () => await (await opened()).purge(),
  };
}
