import type * as z from 'zod/mini';
import { GiveUp } from '../copy/model/errors.ts';
import type { Env } from '../profiles/places.ts';

/** The first of the variables that is set, and its value; an empty one counts as absent. */
export type Get = (...names: string[]) => [name: string, value: string] | undefined;

/** Where a value came from, for messages: the key as the user wrote it. */
export type Origins = Record<string, string>;

export function getterOf(env: Env): Get {
  return (...names) => {
    for (const name of names) {
      const value = env[name];
      if (value !== undefined && value !== '') return [name, value];
    }
    return undefined;
  };
}

/** Bytes: `1048576`, `64MiB`, `1.5 GB`; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const [, amount, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?b?)\s*$/i.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const power = ' kmgt'.indexOf(unit[0]?.toLowerCase() ?? ' ');
  const bytes = Number(amount) * (/i/i.test(unit) ? 1024 : 1000) ** Math.max(0, power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Digits only; undefined for anything else. */
export function parseWhole(text: string): number | undefined {
  return /^\s*\d+\s*$/.test(text) ? Number(text) : undefined;
}

export function withoutUndefined<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Partial<Value>;
}

/**
 * The value as the schema wants it.
 *
 * @throws GiveUp BadRequest that names the first wrong key in the words of `nameOf`.
 */
export function check<Schema extends z.ZodMiniType>(
  schema: Schema,
  value: unknown,
  nameOf: (key: string) => string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const names = issue?.code === 'unrecognized_keys' ? issue.keys : [nameOf(String(issue?.path[0] ?? ''))];
  throw new GiveUp('BadRequest', `Setting ${names.join(', ')}: ${explain(issue)}.`);
}

function explain(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'too_small') return `must be at least ${String(issue.minimum)}`;
  if (issue?.code === 'too_big') return `must be at most ${String(issue.maximum)}`;
  if (issue?.code === 'unrecognized_keys') return 'there is no such setting';
  if (issue?.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`;
  if (issue?.code === 'invalid_type')
    return `must be a ${issue.expected === 'int' || issue.expected === 'number' ? 'whole number' : issue.expected}`;
  return issue?.message ?? 'is not valid';
}

/** False when absent; the text itself when it is neither yes nor no, for the schema to refuse. */
export function asBoolean(text: string | undefined): unknown {
  if (text === undefined) return false;
  const words: Record<string, boolean> = { true: true, '1': true, yes: true, false: false, '0': false, no: false };
  return words[text.toLowerCase()] ?? text;
}
