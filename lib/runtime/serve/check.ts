/** `ferry serve --check`: all that `ferry serve` needs, looked at once and named. */
import { callerFrom } from '../../api/callers/callers.ts';
import { forEachLimited } from '../../copy/model/for-each-limited.ts';
import { noLog } from '../../log.ts';
import { StateDatabase } from '../../state/database.ts';
import { everyoneOf } from '../shared/api-deps.ts';
import { Stores } from '../shared/stores.ts';
import { systemClock } from '../shared/system-clock.ts';
import { checkPlace } from '../watch/check-place.ts';
import { nameOf, placesOf } from '../watch/places.ts';
import type { ServeOptions } from './serve.ts';

export interface Finding {
  what: string;
  /** Absent: it is in order. */
  problem?: string;
}

const checksAtOnce = 8;

/** @param options as `serve` takes them; nothing is listened on, and no job is touched. */
export async function checkServe(options: Omit<ServeOptions, 'log'>): Promise<Finding[]> {
  const { serve: config, home = '.ferry', settings } = options;
  const findings = [
    found('callers', () => void everyoneOf(config, options.insecureNoAuth)),
    found(`state in ${home}`, () => StateDatabase.openIn(home).close()),
  ];
  const stores = new Stores({
    ...options,
    ...{ clock: systemClock, random: Math.random, log: noLog, concurrency: settings?.concurrency ?? checksAtOnce },
  });
  try {
    const places = placesOf(config.rules, config.callers.map(callerFrom), config.stores);
    await forEachLimited(places, checksAtOnce, async (place) => {
      const what = nameOf(place);
      try {
        const trouble = await checkPlace(stores.get(place.store), place, systemClock.now());
        findings.push({ what, ...(trouble && { problem: trouble.message }) });
      } catch (error) {
        findings.push({ what, problem: messageOf(error) });
      }
    });
  } finally {
    await stores.close();
  }
  return findings;
}

function found(what: string, look: () => void): Finding {
  try {
    look();
    return { what };
  } catch (error) {
    return { what, problem: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
