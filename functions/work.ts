/**
 * Tasks of the engine: parts to copy, jobs to finish, copies to start. And what the API sends: callbacks, renames of
 * prefixes. From a queue, or as an asynchronous invocation. Translates and calls; `lib/runtime/shared` runs the task.
 */
import { runtime } from '../lib/runtime/current.ts';
import { cloudFunction } from '../lib/runtime/middleware/function.ts';
import { eachMessage, settleEach, type BatchAnswer, type Delivery } from '../lib/runtime/middleware/messages.ts';
import type { OpenRuntime } from '../lib/runtime/middleware/runtime.ts';
import { runQueued } from '../lib/runtime/shared/run-queued.ts';

export const workHandler = (open: OpenRuntime) =>
  cloudFunction<Delivery[], unknown, BatchAnswer | { done: string }>(
    open,
    [eachMessage()],
    async (deliveries, context) =>
      await settleEach(deliveries, async ({ input, attempt }) => ({
        done: await runQueued(context.runtime, input, { ...context.invocation, attempt }),
      })),
  );

export const handler = workHandler(runtime);
