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
 * Whether a key is in one of the areas: as it stands, as it is resolved, and as a server resolves it that merges slashes first
 * (`in//../x` is then `x`).
 * @param root what stands before the key in its URL, with a slash at the end
 */
export function isInside(areas: readonly string[], root: string, key: string): boolean {
  const path = resolvedKey(key);
  const merged = resolvedKey(withoutEmpty(key));
  if (path === undefined || merged === undefined) return false;
  const isCovered = (url: string) => areas.some((area) => url.startsWith(area));
  if (!isCovered(root + key) || !isCovered(root + path)) return false;
  return areas.some((area) =>
    area.startsWith(root) ? merged.startsWith(withoutEmpty(area.slice(root.length))) : root.startsWith(area),
  );
}

/** Each run of slashes as one, and none at the start, as a server reads a path that merges slashes. */
function withoutEmpty(key: string): string {
  return key.replace(/\/+/g, '/').replace(/^\//, '');
}
