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

  const id = 'f'.repeat(24);
  const what = `s3://photos/a/${'very/long/'.repeat(12)} -> s3://backup/a/ (rule nightly)`;
  const table = [
    ['ID', 'STATE', 'MODE', 'DONE', 'SIZE', 'AGE', 'WHAT'],
    [id, 'interrupted', 'replicate', '1,204/200,000', '1.20 GiB', '1 min 20 s', what],
  ];

  it.each([60, 80, 120, 200])('fits a terminal of %i columns, and leaves out nothing', (width) => {
    const lines = formatTable(table, [3, 4, 5], width);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    for (const cell of table.flat()) expect(lines.join('').replace(/ /g, '')).toContain(cell.replace(/ /g, ''));
  });

  it('keeps one line a row where it fits, and where there is no terminal', () => {
    expect(formatTable(table, [3, 4, 5], 300)).toHaveLength(2);
    expect(formatTable(table, [3, 4, 5])).toHaveLength(2);
  });
});
