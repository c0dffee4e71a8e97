import type { Caller } from './callers.ts';
import type { Located } from './object-url.ts';
import { Problem } from './problem.ts';

/** An entry allows every key that starts with its own key: end it in a slash to mean a folder. */
function covers(entry: string, url: string): boolean {
  return url.startsWith(entry);
}

/**
 * The key as a server or proxy that resolves `.` and `..` would see it, or undefined when it climbs above the bucket. Stores
 * keep such keys as they are, but not everything between us and them does.
 */
function resolved(key: string): string | undefined {
  const kept: string[] = [];
  for (const segment of key.split('/')) {
    if (segment === '..') {
      if (kept.pop() === undefined) return undefined;
    } else if (segment !== '.') {
      kept.push(segment);
    }
  }
  return kept.join('/');
}

/**
 * Refuses what the caller's policy does not allow, before any call to the store.
 * @throws Problem forbidden; invalid for a key that climbs above its bucket.
 */
export function requireAccess(caller: Caller, access: 'read' | 'write', at: Located): void {
  const root = `${at.name}://${at.bucket}/`;
  const path = resolved(at.key);
  if (path === undefined) {
    throw new Problem('invalid', `The key climbs above its bucket with "..": ${root}${at.key}`);
  }
  const isAllowed = (url: string) => caller.policy[access].some((entry) => covers(entry, url));
  if (!isAllowed(root + at.key) || !isAllowed(root + path)) {
    throw new Problem(
      'forbidden',
      `Caller "${caller.name}" may not ${access} ${root}${at.key}; its policy does not list it.`,
    );
  }
}
