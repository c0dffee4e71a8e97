/** Which names of a listing are meant: a wildcard over the whole key, then rules of which the last that matches wins. */
import * as z from 'zod';
import { compilePattern } from './pattern.ts';
import { compileWildcard } from './wildcard.ts';

const text = z.string().min(1).max(2048);

export const choiceSchema = z.strictObject({
  wildcard: text.optional().describe('The whole key matches: *, ?, [a-z], **/.'),
  regex: text.optional().describe('A regular expression that matches the whole key.'),
  below: z.string().max(1024).optional().describe('Where the names begin that the rules look at.'),
  rules: z
    .array(z.strictObject({ keep: z.boolean(), pattern: text }))
    .max(100)
    .optional()
    .describe('Of these the last that matches decides; of none that matches, the contrary of the first.'),
});

export type Choice = z.output<typeof choiceSchema>;

/**
 * Compiles a choice to a test of whole keys. A rule's pattern without a slash looks at the last part of the name, so `*.log`
 * finds logs at any depth; one with a slash looks at the whole name below `below`.
 *
 * @throws GiveUp BadRequest for a pattern that cannot be read.
 */
export function compileChoice({ wildcard, regex, below = '', rules = [] }: Choice): (key: string) => boolean {
  const whole = wildcard === undefined ? undefined : compileWildcard(wildcard);
  const pattern = regex === undefined ? undefined : compilePattern(regex);
  const compiled = rules.map(({ keep, pattern }) => ({ keep, test: compileRule(pattern) })).reverse();
  const otherwise = rules[0]?.keep !== true;
  return (key) => {
    if (whole && !whole.test(key)) return false;
    if (pattern && !pattern.test(key)) return false;
    if (compiled.length === 0) return true;
    const name = key.slice(below.length);
    return compiled.find(({ test }) => test(name))?.keep ?? otherwise;
  };
}

function compileRule(pattern: string): (name: string) => boolean {
  const { test } = compileWildcard(pattern);
  return pattern.includes('/') ? test : (name) => test(name.slice(name.lastIndexOf('/', name.length - 2) + 1));
}
