import * as z from 'zod';
import type { Invocation } from '../copy/model/ports.ts';
import type { CallbackDeps } from './callbacks/deliver.ts';
import { deliverCallback } from './callbacks/deliver.ts';
import { continuePrefix } from './jobs/prefix-batch.ts';
import type { ApiDeps } from './model/deps.ts';
import type { JobEvent, ApiMessage } from './model/message.ts';

/** Everything that requests and messages need, as a runtime builds it. */
export type ApiRuntime = ApiDeps & CallbackDeps;

const kinds: Record<ApiMessage['kind'], z.ZodType<ApiMessage>> = {
  callback: z.object({ ...sent('callback'), jobId: z.string() }),
  event: z.object({
    ...sent('event'),
    event: z.custom<JobEvent>((value) => typeof value === 'object' && value !== null),
  }),
  'rename-prefix': z.object({ kind: z.literal('rename-prefix'), jobId: z.string() }),
};

function sent<Kind extends string>(kind: Kind) {
  return {
    kind: z.literal(kind),
    attempt: z.int().min(1),
    notBefore: z.number().optional(),
    sentAt: z.number().optional(),
  };
}

/** One of the API's messages; undefined for anything else. */
export function readApiMessage(message: unknown): ApiMessage | undefined {
  const { kind } = (message ?? {}) as { kind?: unknown };
  if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind)) return undefined;
  return kinds[kind as ApiMessage['kind']].safeParse(message).data;
}

/**
 * Does what one of the API's messages asks for. Safe to repeat.
 * @throws GiveUp for a callback that the receiver rejects for good; RetryLater when a store or the state table is unavailable.
 */
export async function handleMessage(deps: ApiRuntime, message: ApiMessage, invocation: Invocation): Promise<void> {
  if (message.kind === 'rename-prefix') return continuePrefix(deps, message, invocation);
  return deliverCallback(deps, message);
}
