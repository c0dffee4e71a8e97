/** What passes between middlewares and handlers. */
import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import type { Invocation } from '../../copy/model/ports.ts';
import type { Runtime } from '../shared/runtime.ts';

/** What both platforms' handler contexts have in common, and what each has of its own. */
export interface PlatformContext {
  /** Lambda. */
  awsRequestId?: string;
  getRemainingTimeInMillis?(): number;
  /** Function Compute. */
  requestId?: string;
  function?: { timeout?: number };
  /** Of the function's role; empty texts where it has none. */
  credentials?: { accessKeyId?: string; accessKeySecret?: string; securityToken?: string };
  /** How often this very invocation failed before and was repeated by the platform. */
  retryCount?: number;
}

/** What the middlewares put beside what the platform tells. */
export interface FerryContext extends Context {
  runtime: Runtime;
  invocation: Invocation;
}

export type Middleware = MiddlewareObj<unknown, unknown, Error, FerryContext>;

/** A function as its platform calls it. */
export type CloudFunction<Answer> = (event: unknown, context: PlatformContext) => Promise<Answer>;
