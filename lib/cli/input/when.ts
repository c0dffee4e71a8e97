/** Points in time and lengths of time, as people type them. */
import { InvalidArgumentError } from 'commander';

const seconds: Record<string, number> = {
  s: 1,
  m: 60,
  min: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};

/** `90` (seconds), `15m`, `12h`, `7d`, `2w`, `1y`, in seconds. */
export function parseDuration(text: string): number {
  const [, number = '', unit = 's'] = /^(\d{1,9}(?:\.\d{1,3})?)(s|m|min|h|d|w|y)?$/.exec(text.trim()) ?? [];
  const value = Number(number) * (seconds[unit] ?? NaN);
  if (number === '' || !(value > 0))
    throw new InvalidArgumentError('Write a length of time such as 15m, 12h, 7d or 2w.');
  return value;
}

/** So long ago, or a date such as `2024-05-31` or `2024-05-31T10:00:00Z` (local time where no zone is named). Epoch milliseconds. */
export function parseWhen(text: string): number {
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    // A date alone would be read as one of Greenwich.
    const time = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text.replace(' ', 'T'));
    if (!Number.isNaN(time)) return time;
  } else if (/^\d+(?:\.\d+)?(?:s|m|min|h|d|w|y)$/.test(text)) {
    return Date.now() - parseDuration(text) * 1000;
  }
  throw new InvalidArgumentError(
    'Write how long ago, such as 12h or 7d, or a date such as 2024-05-31 or 2024-05-31T10:00:00Z.',
  );
}
