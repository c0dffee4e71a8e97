import type { Invocation, World } from '../copy/model/ports.ts';
import type { Reading } from './events/read.ts';
import { replicateEvent } from './replicate.ts';
import type { RuleSet } from './rules/rules.ts';

/**
 * Replicates all events of one notification, and logs what became of each.
 *
 * @throws the first error, after all were tried: the notification is to be delivered again as a whole. What no store can have
 * sent fails last, when all the rest is done.
 */
export async function replicateEvents(
  world: World,
  rules: RuleSet,
  { events, dropped, refused }: Partial<Reading> & Pick<Reading, 'events'>,
  invocation: Invocation,
): Promise<void> {
  if (events.length === 0) world.log.debug('nothing to replicate', { ...dropped });
  if (dropped?.other) world.log.info('skipped', { why: 'no-change-of-an-object', events: dropped.other });
  const settled = await Promise.allSettled(
    events.map(async (event) => {
      for (const outcome of await replicateEvent(world, rules, event, invocation)) {
        const { rule, source, action } = outcome;
        const why = outcome.action === 'skipped' ? outcome.why : undefined;
        world.log.info(action, { rule, bucket: source.bucket, key: source.key, why, event: event.id });
      }
    }),
  );
  const failure = settled.find((one) => one.status === 'rejected');
  if (failure) throw failure.reason;
  if (refused) throw refused;
}
