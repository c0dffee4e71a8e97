import type { Io } from './io.ts';
import { paintFor } from './paint.ts';
import { errorLines } from './render.ts';

/** The lines about an error, as stderr can show them. */
export function complaint({ stderr, env }: Io, error: unknown): string[] {
  return errorLines(error, paintFor(stderr, env), stderr.isTTY ? Math.max(40, stderr.columns ?? 80) : Infinity);
}
