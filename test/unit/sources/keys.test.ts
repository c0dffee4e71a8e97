import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeKey } from '../../../lib/sources/shared/keys.ts';

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const piece = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 5 }),
  fc.constantFrom(
    '%',
    '%2',
    '%2F',
    '%2f',
    '%20',
    '%00',
    '%7F',
    '%80',
    '%C3%A9',
    '%c3%a9',
    '%F0%9F%9A%A2',
    '%gg',
    '% 1',
    '+',
  ),
);

test('escapes are read as the language reads them, and faults are found alike', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const text = pieces.join('');
      expect(decodeKey(text, 'url')).toBe(decoded(text));
      expect(decodeKey(text, 'form')).toBe(decoded(text.replaceAll('+', ' ')));
      expect(decodeKey(text, 'plain')).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

test('what writers encode is read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (key) => {
      expect(decodeKey(encodeURIComponent(key), 'url')).toBe(key);
      expect(decodeKey(new URLSearchParams({ key }).toString().slice('key='.length), 'form')).toBe(key);
    }),
  );
});
