/** Objects that came or went: S3 and OSS triggers, and tasks of S3 Batch Operations in, replicas out. Translates and calls; the decisions are in lib/replicate. */
import {
  answerBatchOperations,
  isBatchOperations,
  type BatchOperationsAnswer,
} from '../lib/replicate/batch-operations.ts';
import { readEvents } from '../lib/replicate/events/read.ts';
import { replicateEvents } from '../lib/replicate/replicate-events.ts';
import { runtime } from '../lib/runtime/current.ts';
import { cloudFunction } from '../lib/runtime/middleware/function.ts';
import { eachMessage, settleEach, type BatchAnswer, type Delivery } from '../lib/runtime/middleware/messages.ts';
import type { OpenRuntime } from '../lib/runtime/middleware/runtime.ts';

/** A direct trigger is one unit: it throws when a part of it failed, so that the platform delivers it again and keeps it. */
export const objectCreatedHandler = (open: OpenRuntime) =>
  cloudFunction<Delivery[], unknown, BatchAnswer | BatchOperationsAnswer | { events: number }>(
    open,
    [eachMessage()],
    async (deliveries, { runtime: { world, rules, watch }, invocation }) =>
      await settleEach(deliveries, async ({ input, attempt }) => {
        const worker = { ...invocation, attempt };
        if (isBatchOperations(input)) return await answerBatchOperations(world, rules, input, worker);
        const reading = readEvents(input);
        await replicateEvents(world, rules, reading, worker, watch);
        return { events: reading.events.length };
      }),
  );

export const handler = objectCreatedHandler(runtime);
