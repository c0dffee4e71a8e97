/** What a key becomes where it matches a pattern: `$1`, `$<name>`, `$&` for the whole key, `$$` for a dollar. */
import { GiveUp } from '../copy/model/errors.ts';

/** Given the text of each group by its number, 0 for the whole key. */
export type Replacement = (textOf: (group: number) => string) => string;

/**
 * Compiles a replacement for a pattern with these groups.
 * @throws GiveUp BadRequest for a reference to a group that is not there: JavaScript would write it into the key as it stands.
 */
export function compileReplacement(
  to: string,
  { pattern, groups, names }: { pattern: string; groups: number; names: Readonly<Record<string, number>> },
): Replacement {
  const pieces: (string | number)[] = [];
  for (const { 0: text, groups: found = {} } of to.matchAll(
    /(?<plain>[^$]+)|\$(?:(?<dollar>\$)|(?<all>&)|(?<number>\d+)|<(?<name>[^<>$]*)>|)/g,
  )) {
    const { plain, dollar, all, number, name } = found;
    if (plain !== undefined) pieces.push(plain);
    else if (dollar !== undefined) pieces.push('$');
    else if (all !== undefined) pieces.push(0);
    else {
      const group = name === undefined ? Number(number) : Object.hasOwn(names, name) ? names[name] : undefined;
      if (group === undefined || !(group >= 1 && group <= groups))
        throw new GiveUp('BadRequest', `'${to}': '${text}' is no group of '${pattern}'; a literal dollar is '$$'.`);
      pieces.push(group);
    }
  }
  return (textOf) => pieces.map((piece) => (typeof piece === 'number' ? textOf(piece) : piece)).join('');
}
