import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMoney,
  formatRate,
  plural,
  printable,
} from '../../../lib/cli/text/format.ts';

describe('format', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1023, '1.00 KiB'],
    [1024, '1.00 KiB'],
    [90_177_536, '86.0 MiB'],
    [1024 ** 3, '1.00 GiB'],
    [999.6 * 1024, '0.98 MiB'],
    [48.8e12, '44.4 TiB'],
    [9.999 * 1024, '10.0 KiB'],
    [99.96 * 1024, '100 KiB'],
  ])('bytes %d', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0, '0.0 s'],
    [0.44, '0.4 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [200, '3 min 20 s'],
    [7_500, '2 h 5 min'],
    [3_600, '1 h'],
    [270_000, '3 d 3 h'],
    [Infinity, '-'],
  ])('duration %d', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it.each([
    [0, '0 USD'],
    [0.0000054, '0.0000054 USD'],
    [0.05, '0.050 USD'],
    [12.4, '12.40 USD'],
  ])('money %d', (amount, text) => {
    expect(formatMoney(amount, 'USD')).toBe(text);
  });

  it('counts', () => {
    expect(formatCount(1_234_567)).toBe('1,234,567');
    expect(formatCount(999)).toBe('999');
    expect(plural(1, 'part')).toBe('1 part');
    expect(plural(10_000, 'part')).toBe('10,000 parts');
    expect(formatRate(10 * 1024, 0)).toBe('-');
    expect(formatRate(10 * 1024, 2)).toBe('5.00 KiB/s');
  });

  it('shows control characters instead of sending them to the terminal', () => {
    expect(printable('a\u001b]0;title\u0007\nb')).toBe('a\\x1b]0;title\\x07\\x0ab');
    expect(printable('safe\u202etxt.exe')).toBe('safe\\u202etxt.exe');
    expect(printable('目标 +%')).toBe('目标 +%');
  });
});
