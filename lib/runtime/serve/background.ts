import type { ServeConfig } from '../../config/file.ts';
import type { Log } from '../../copy/model/ports.ts';
import { diedTooOften } from '../../queue/deaths.ts';
import type { Embedded } from '../embedded/open.ts';
import { Interrupted } from '../embedded/open.ts';
import type { Queues } from './queues.ts';

const dayMs = 86_400_000;

/** Brings the jobs of processes that are gone to their end. */
export async function takeOver(embedded: Embedded, log: Log, signal: AbortSignal): Promise<void> {
  try {
    const outcomes = await embedded.resume({ signal });
    if (outcomes.length > 0) log.info('took over jobs of a process that is gone', { jobs: outcomes.length });
  } catch (error) {
    if (!(error instanceof Interrupted)) log.error('could not take over jobs', { error: String(error) });
  }
}

/** Sweeps, takes back what dead processes had taken from the queues, and removes dead letters that are too old, until the signal. */
export async function keepSweeping(
  embedded: Embedded,
  { events, messages, tasks }: Queues,
  { sweepSeconds, deadLetters }: Pick<ServeConfig, 'sweepSeconds' | 'deadLetters'>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = embedded.world;
  while (!signal.aborted) {
    try {
      const living = embedded.processes.living();
      for (const [name, queue] of Object.entries({ events, messages })) {
        const { setAside } = queue.reclaim(living);
        for (const id of setAside) log.error(diedTooOften, { letter: `${name}-${id}` });
      }
      for (const [name, queue] of Object.entries({ events, messages, tasks })) {
        const removed = queue.retire(clock.now() - deadLetters.keepDays * dayMs);
        if (removed > 0) log.warn('removed old dead letters', { queue: name, removed, ...deadLetters });
      }
      const report = await embedded.sweep({ wait: false });
      if (report.looked > 0) log.info('swept', { ...report });
    } catch (error) {
      log.error('the sweep failed', { error: String(error) });
    }
    await clock.sleep(sweepSeconds * 1000, signal);
  }
}
