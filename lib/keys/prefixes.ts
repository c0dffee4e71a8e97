/** Who may touch which keys. An area is how the URLs of its objects start; end it in a slash to mean a folder. */

/**
 * The key as a server or proxy that resolves `.` and `..` would see it, or undefined when it climbs above the bucket. Stores
 * keep such keys as they are, but not everything between us and them does.
 */
export function resolvedKey(key: string): string | undefined {
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
 * Whether a key is in one of the areas, as it stands and as it is resolved.
 * @param root what stands before the key in its URL, with a slash at the end
 */
export function isInside(areas: readonly string[], root: string, key: string): boolean {
  const path = resolvedKey(key);
  const isCovered = (url: string) => areas.some((area) => url.startsWith(area));
  return path !== undefined && isCovered(root + key) && isCovered(root + path);
}
