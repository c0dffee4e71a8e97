/** Objects that came or went: S3 and OSS triggers in, replicas out. Translates and calls; the decisions are in lib/replicate. */
import middy from '@middy/core';
import type { Invocation } from '../lib/copy/model/ports.ts';
import { readEvents, type Reading } from '../lib/replicate/events/read.ts';
import { replicateEvent } from '../lib/replicate/replicate.ts';
import { answerBatch, attemptOf, queueMessages, type BatchAnswer } from '../lib/runtime/aws/sqs-event.ts';
import { runtime } from '../lib/runtime/current.ts';
import { invocationOf, type PlatformContext } from '../lib/runtime/shared/invocation.ts';
import type { Runtime } from '../lib/runtime/shared/runtime.ts';

/**
 * Messages of a queue are answered one by one. Anything else is one unit: it throws when a part of it failed, so that the
 * platform delivers it again and in the end keeps it.
 */
export function objectCreatedHandler(getRuntime: () => Promise<Runtime>) {
  return async (event: unknown, context: PlatformContext): Promise<BatchAnswer | { events: number }> => {
    const current = await getRuntime();
    const invocation = invocationOf(context, current.world.clock);
    const messages = queueMessages(event);
    if (messages) {
      return await answerBatch(current, messages, (message) =>
        replicateAll(current, readEvents(message.body), { ...invocation, attempt: attemptOf(message) }),
      );
    }
    const reading = readEvents(event);
    await replicateAll(current, reading, invocation);
    return { events: reading.events.length };
  };
}

async function replicateAll({ world, rules }: Runtime, reading: Reading, invocation: Invocation): Promise<void> {
  const { events, dropped, refused } = reading;
  if (events.length === 0) world.log.debug('nothing to replicate', { ...dropped });
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
  // What is to come again first: when the rest is done, this message is a dead letter for what no store can have sent.
  if (failure) throw failure.reason;
  if (refused) throw refused;
}

// Deadlines are the engine's own: it stops in time and leaves nothing half done.
export const handler = middy({ timeoutEarlyInMillis: 0 }).handler(objectCreatedHandler(runtime));
