import { mostDeaths } from '../../../lib/queue/deaths.ts';
import { unseal } from '../../../lib/queue/fc/envelope.ts';
import { nameOf } from '../../../lib/runtime/shared/task-name.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import { seededRandom } from '../../../lib/twin/random.ts';
import type { FcFunction } from '../../fc-host/function.ts';
import type { Installation } from './installation.ts';

/** Instances that are killed at most, each with all that it works on. */
const mostKills = 6;

/**
 * Until `done`: every message comes twice, 30 % of the calls of Function Compute's API are answered 429, 1 % of the tasks are
 * lost for good, Tablestore is sometimes too busy, and some instances are killed at random. No message is struck so often that it would be set
 * aside, as one is whose work ends its worker. Events of OSS are not lost: without a row only a reconcile would find them.
 */
export async function withMischief(at: Installation, victims: FcFunction[], done: () => Promise<void>): Promise<void> {
  const random = seededRandom(2);
  const { host, table, functions } = at;
  at.mischief({ duplicates: 1, lost: 0.01 });
  host.queueOf(functions.objectCreated.name).options.lost = 0;
  host.faults.busy = 0.3;
  host.faults.lostAnswers = 0.02;
  table.faults.add({ what: 'OTSServerBusy', share: 0.02 });
  const struck = new Map<string, number>();
  const isFair = (bodies: Buffer[]) => bodies.every((body) => (struck.get(nameIn(body)) ?? 0) < mostDeaths - 1);
  let kills = 0;
  const strikes = setInterval(() => {
    const victim = victims[Math.floor(random() * victims.length)];
    const bodies = victim?.strike('kill', random, isFair) ?? [];
    if (bodies.length > 0) kills += 1;
    if (kills === mostKills) clearInterval(strikes);
    for (const name of new Set(bodies.map(nameIn))) struck.set(name, (struck.get(name) ?? 0) + 1);
  }, 400);
  try {
    await done();
  } finally {
    clearInterval(strikes);
    at.mischief({ duplicates: 0, lost: 0 });
    Object.assign(host.faults, { busy: 0, lostAnswers: 0 });
    table.faults.clear();
  }
}

/** What a message is about, the same for each delivery of one and for its duplicates. */
function nameIn(body: Buffer): string {
  const { message } = unseal(body);
  const kind = (message as Partial<Task> | null)?.kind;
  const isTask = kind !== undefined && /^(?:copy|parts|finish|read|page|check|total)$/.test(kind);
  return isTask ? nameOf(message as Task) : JSON.stringify(message);
}
