/** The HTTP API behind API Gateway, a function URL or an HTTP trigger. Translates and calls; the answers are in lib/api. */
import { handleApi } from '../lib/api/handle.ts';
import { answerHttpEvent, readHttpEvent } from '../lib/api/http/gateway-event.ts';
import { GiveUp } from '../lib/copy/model/errors.ts';
import { runtime } from '../lib/runtime/current.ts';
import { cloudFunction } from '../lib/runtime/middleware/function.ts';
import type { OpenRuntime } from '../lib/runtime/middleware/runtime.ts';

export const apiHandler = (open: OpenRuntime) =>
  cloudFunction(open, [], async (event: unknown, { runtime: { api }, invocation }) => {
    if (!api) throw new GiveUp('Unsupported', 'This installation has no HTTP API: no callers are configured.');
    return answerHttpEvent(await handleApi(api, readHttpEvent(event), invocation));
  });

export const handler = apiHandler(runtime);
