import { describe, expect, it } from 'vitest';
import { wrapItems, wrapWords } from '../../../lib/cli/text/labelled-values.ts';
import { formatTable } from '../../../lib/cli/text/table.ts';

describe('wrapping', () => {
  it('breaks between items, else between words, and never inside a word', () => {
    expect(wrapItems('3 HeadObject, 29 UploadPartCopy, 1 ListParts', 32)).toEqual([
      '3 HeadObject, 29 UploadPartCopy,',
      '1 ListParts',
    ]);
    expect(wrapItems('one item that is too long for the line, two', 20)).toEqual([
      'one item that is too',
      'long for the line,',
      'two',
    ]);
    expect(wrapWords('a'.repeat(30), 10)).toEqual(['a'.repeat(30)]);
    expect(wrapWords('as it is, in a pipe', Infinity)).toEqual(['as it is, in a pipe']);
  });
});

describe('formatTable', () => {
  it('aligns columns', () => {
    expect(
      formatTable(
        [
          ['STATE', 'SIZE'],
          ['done', '1.00 GiB'],
          ['copying', '5 B'],
        ],
        [1],
      ),
    ).toEqual(['STATE        SIZE', 'done     1.00 GiB', 'copying       5 B']);
  });
});
