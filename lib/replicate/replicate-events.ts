import type { Invocation, LogFields, World } from '../copy/model/ports.ts';
import type { Reading } from './events/read.ts';
import type { ReplicationOutcome } from './one/context.ts';
import type { RuleWatch } from './one/context.ts';
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
  watch?: RuleWatch,
): Promise<void> {
  if (events.length === 0) world.log.debug('nothing to replicate', { ...dropped });
  if (dropped?.other) world.log.info('skipped', { why: 'no-change-of-an-object', events: dropped.other });
  const settled = await Promise.allSettled(
    events.map(async (event) => {
      for (const outcome of await replicateEvent(world, rules, event, invocation, watch)) {
        world.log.info(outcome.action, { ...fieldsOf(outcome), event: event.id });
      }
    }),
  );
  const failure = settled.find((one) => one.status === 'rejected');
  if (failure) throw failure.reason;
  if (refused) throw refused;
}

function fieldsOf(outcome: ReplicationOutcome): LogFields {
  const { rule, source, destination, effort } = outcome;
  const sides = { rule, bucket: source.bucket, key: source.key };
  // What was left alone has its reason; of what was begun, the line of the job's end tells the rest.
  if (outcome.action === 'skipped') return { ...sides, why: outcome.why };
  if (outcome.action === 'started') return { ...sides, job: outcome.jobId };
  const bytes = outcome.action === 'copied' ? outcome.result.size : undefined;
  return { ...sides, destination: `${destination.bucket}/${destination.key}`, bytes, ...effort };
}
