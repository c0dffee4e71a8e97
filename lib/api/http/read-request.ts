import type * as z from 'zod';
import type { ApiRequest } from './http.ts';
import { maxBodyBytes } from './http.ts';
import type { Fault } from './problem.ts';
import { Problem } from './problem.ts';

/** Faults told in one answer; the first few are what a person reads. */
const maxFaults = 20;

/**
 * The body as JSON.
 * @throws Problem unsupported-media-type, body-too-large, bad-json.
 */
export function readJson({ headers, body }: ApiRequest): unknown {
  if (body.length > maxBodyBytes) throw new Problem('body-too-large', `A body may have ${maxBodyBytes} bytes.`);
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    throw new Problem('unsupported-media-type', 'Send the body without content-encoding.');
  }
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(headers['content-type'] ?? '')) {
    throw new Problem('unsupported-media-type', 'Send the body as content-type application/json in UTF-8.');
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body), refuseProto);
  } catch (error) {
    if (error instanceof Problem) throw error;
    // The parser's own words quote the body, so only its place is passed on.
    const [place = ''] = /at position \d+/.exec(String(error)) ?? [];
    throw new Problem('bad-json', `The body is not JSON in UTF-8${place === '' ? '' : ` (${place})`}.`);
  }
}

/** The checks of the body drop a field of this name without a word, and what it asks for would not be done. */
function refuseProto(name: string, value: unknown): unknown {
  if (name !== '__proto__') return value;
  throw new Problem('invalid', 'A field of the body is named "__proto__", which cannot be kept; choose another name.');
}

/** @throws Problem bad-request for a query that cannot be decoded or names a parameter twice. */
export function readQuery(query: string): Record<string, string> {
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(query)) {
    if (name in values) throw new Problem('bad-request', 'A query parameter is given twice.');
    values[name] = value;
  }
  return values;
}

/** @throws Problem of the given kind, with a pointer to each fault. */
export function check<T>(schema: z.ZodType<T>, value: unknown, kind: 'invalid' | 'bad-request', what: string): T {
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const errors = checked.error.issues.flatMap(closest).slice(0, maxFaults).map(faultOf);
  const first = errors[0];
  throw new Problem(kind, `The ${what} is not valid: ${first?.pointer || '/'} ${first?.detail ?? ''}`.trim(), {
    errors,
  });
}

/** Of several forms a body may have, the faults of the one that it comes closest to. */
function closest(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const [best = [issue]] = [...issue.errors].sort((a, b) => a.length - b.length);
  return best;
}

function faultOf(issue: z.core.$ZodIssue): Fault {
  const pointer = issue.path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return { pointer: short(pointer), detail: short(issue.message) };
}

function short(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}...`;
}
