import type { Log } from '../../../lib/copy/model/ports.ts';
import { systemClock } from '../../../lib/runtime/shared/system-clock.ts';

export const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Everything a worker pool needs but its inbox and its handler; retries come without extra delay. */
export const poolOptions = {
  clock: systemClock,
  random: () => 0,
  capacity: () => 16,
  maxAttempts: 8,
  invocationMs: 60_000,
  holder: 'tests',
};
