/** The HTTP API behind API Gateway, a function URL or an HTTP trigger. Translates and calls; the answers are in lib/api. */
import middy from '@middy/core';
import { handleApi } from '../lib/api/handle.ts';
import type { HttpEventAnswer } from '../lib/api/http/gateway-event.ts';
import { answerHttpEvent, readHttpEvent } from '../lib/api/http/gateway-event.ts';
import { GiveUp } from '../lib/copy/model/errors.ts';
import { runtime } from '../lib/runtime/current.ts';
import { invocationOf, type PlatformContext } from '../lib/runtime/shared/invocation.ts';
import type { Runtime } from '../lib/runtime/shared/runtime.ts';

export function apiHandler(getRuntime: () => Promise<Runtime>) {
  return async (event: unknown, context: PlatformContext): Promise<HttpEventAnswer> => {
    const { api, world } = await getRuntime();
    if (!api) throw new GiveUp('Unsupported', 'This installation has no HTTP API: no callers are configured.');
    return answerHttpEvent(await handleApi(api, readHttpEvent(event), invocationOf(context, world.clock)));
  };
}

export const handler = middy({ timeoutEarlyInMillis: 0 }).handler(apiHandler(runtime));
