import { expect, test } from 'vitest';
import { timeOf } from '../../../lib/sources/shared/list-entry.ts';

test.each([
  ['2025-04-14T07:06:05Z', Date.UTC(2025, 3, 14, 7, 6, 5)],
  ['2025-04-14T07:06:05.250Z', Date.UTC(2025, 3, 14, 7, 6, 5, 250)],
  ['2025-04-14T07-06-05Z', Date.UTC(2025, 3, 14, 7, 6, 5)],
  ['2025-13-14T07:06:05Z', undefined],
  ['2025-04-14T07:06:05', undefined],
  ['2025-04-14T07:06:05xZ', undefined],
  ['2025-04-14 07:06:05Z', undefined],
  ['2025-04-14T7:06:05Z', undefined],
  ['', undefined],
])('time %s', (text, time) => {
  expect(timeOf(text)).toBe(time);
});
