/** Careful reading of JSON of other senders: nothing is assumed of its shape. */
export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of property names; undefined when a step is missing. */
export function at(value: unknown, ...path: string[]): unknown {
  let current = value;
  for (const step of path) {
    if (!isObject(current) || !Object.hasOwn(current, step)) return undefined;
    current = current[step];
  }
  return current;
}

/** A non-empty string at a path. */
export function textAt(value: unknown, ...path: string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** Characters of a number or a time: ISO 8601 with nanoseconds and a zone has 35. */
const longestNumber = 64;

/** A whole number of at least 0 at a path, also when it is written as a string (Ceph). */
export function countAt(value: unknown, ...path: string[]): number | undefined {
  const found = at(value, ...path);
  const number = typeof found === 'string' && found !== '' && found.length <= longestNumber ? Number(found) : found;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** Epoch milliseconds of an ISO 8601 time at a path; 0 when it is not one. */
export function timeAt(value: unknown, ...path: string[]): number {
  const text = textAt(value, ...path) ?? '';
  const parsed = text.length <= longestNumber ? Date.parse(text) : NaN;
  return Number.isNaN(parsed) ? 0 : parsed;
}

export function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? (value as unknown[])[0] : undefined;
}

/** Objects pass, bytes and strings are parsed. Undefined when it is not JSON. */
export function parsed(input: unknown): unknown {
  if (input instanceof Uint8Array) return parsed(Buffer.from(input).toString('utf8'));
  if (typeof input !== 'string') return input;
  try {
    return JSON.parse(input);
  } catch {
    return undefined;
  }
}
