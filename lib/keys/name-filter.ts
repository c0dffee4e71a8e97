import picomatch from 'picomatch';

/**
 * Whether a name below the prefix is wanted. A pattern without a slash looks at the last part of the name, so `*.log`
 * finds logs at any depth; one with a slash looks at the whole name. `--exclude` wins over `--include`.
 */
export function nameFilter(
  include: readonly string[] = [],
  exclude: readonly string[] = [],
): (name: string) => boolean {
  const options = { dot: true, windows: false, nonegate: true };
  const matcher = (pattern: string) => picomatch(pattern, { ...options, basename: !pattern.includes('/') });
  const included = include.map(matcher);
  const excluded = exclude.map(matcher);
  return (name) =>
    (included.length === 0 || included.some((matches) => matches(name))) && !excluded.some((matches) => matches(name));
}
