import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from '../../../lib/keys/order.ts';

test('is the order of the UTF-8 bytes', () => {
  const key = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(key, key, (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    {
      examples: [
        ['\u{1F600}', '\uFFFD'],
        ['a\uE000', 'a\u{10000}'],
        ['', 'a'],
        ['a', 'a'],
      ],
    },
  );
});
