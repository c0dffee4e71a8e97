import type * as z from 'zod';
import type { ApiResponse } from '../http/http.ts';
import type { Call } from './deps.ts';

/** One address of the API: what it takes, what it answers, and the handler. */
export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  /** Segments in braces are parameters. */
  path: string;
  /** OpenAPI `operationId`. */
  name: string;
  summary: string;
  body?: z.ZodType;
  query: z.ZodType;
  answers: { status: 200 | 202; description: string; view: z.ZodType }[];
  /** OpenAPI tag. Default: jobs. */
  tag?: 'batches' | 'rules';
  run: (call: Call<never, never>) => Promise<ApiResponse>;
}
