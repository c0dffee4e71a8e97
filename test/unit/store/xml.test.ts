import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitsXml, MalformedAnswer, readAnyXml, readXml, writeXml } from '../../../lib/store/wire/xml.ts';

describe('reading', () => {
  it('keeps everything text: numbers, blanks, big digits, leading zeros', () => {
    const root = readXml('<A><Key> 007 </Key><ETag>0e12</ETag><V>12345678901234567890</V><B>true</B></A>', 'A');
    expect([root.text('Key'), root.text('ETag'), root.text('V'), root.text('B')]).toEqual([
      ' 007 ',
      '0e12',
      '12345678901234567890',
      'true',
    ]);
  });

  it('decodes the five entities and character references, once', () => {
    const text = '<A><K>&lt;&amp;amp;&gt;&quot;&apos;&#34;&#x1F600;&#10;&nbsp;&#x110000;</K></A>';
    expect(readXml(text, 'A').text('K')).toBe('<&amp;>"\'"😀\n&nbsp;&#x110000;');
  });

  it('takes CDATA as it stands', () => {
    expect(readXml('<A><K><![CDATA[<a>&amp;]]></K></A>', 'A').text('K')).toBe('<a>&amp;');
  });

  it('reads lists of none, one and many', () => {
    const keys = (xml: string) =>
      readXml(xml, 'A')
        .list('P')
        .map((part) => part.text('N'));
    expect(keys('<A/>')).toEqual([]);
    expect(keys('<A>\n </A>')).toEqual([]);
    expect(keys('<A><P><N>1</N></P></A>')).toEqual(['1']);
    expect(keys('<A><P><N>1</N></P><P><N>2</N></P><P/></A>')).toEqual(['1', '2', undefined]);
  });

  it('skips declaration, name space, leading blanks of a long call', () => {
    const text =
      '  \n \n<?xml version="1.0" encoding="UTF-8"?>\n<x:A xmlns:x="http://s3.amazonaws.com/doc/2006-03-01/"><x:K>v</x:K></x:A> ';
    expect(readXml(text, 'A').text('K')).toBe('v');
  });

  it('tells a missing child from an empty one', () => {
    const root = readXml('<A><E></E><F/></A>', 'A');
    expect([root.text('E'), root.text('F'), root.text('G')]).toEqual(['', '', undefined]);
  });
});

describe('hostile answers', () => {
  const bomb = `<?xml version="1.0"?><!DOCTYPE A [<!ENTITY a "${'x'.repeat(1000)}"><!ENTITY b "&a;&a;&a;">]><A><K>&b;</K></A>`;
  it.each([
    ['nothing', ''],
    ['blanks', ' \n\t '],
    ['text', 'Service Unavailable'],
    ['a web page', '<html><body>502</body></html>'],
    ['another document', '<B><K>v</K></B>'],
    ['a document type with entities', bomb],
    ['a document type further in', '<A><!DOCTYPE A [<!ENTITY a "b">]><K>&a;</K></A>'],
    ['an external entity', '<!DOCTYPE A SYSTEM "http://evil.example/x"><A/>'],
    ['a document cut in a tag', '<A><K>v</K'],
    ['a document cut between tags', '<A><K>v</K>'],
    ['a document cut after an empty element', '<A><K/>'],
    ['two documents', '<A/><A/>'],
    ['a thousand levels', `${'<A>'.repeat(1000)}${'</A>'.repeat(1000)}`],
    ['JSON', '{"A":1}'],
    ['NUL bytes', '\u0000\u0000'],
    ['an unclosed CDATA', '<A><![CDATA[</A>'],
  ])('%s: a clear error', (_name, text) => {
    expect(() => readXml(text, 'A')).toThrow(MalformedAnswer);
  });

  it.each([
    ['text for elements', '<A>text</A>', (a: ReturnType<typeof readXml>) => a.list('P')],
    ['elements for text', '<A><K><L>1</L></K></A>', (a: ReturnType<typeof readXml>) => a.text('K')],
    ['a list for a value', '<A><K>1</K><K>2</K></A>', (a: ReturnType<typeof readXml>) => a.text('K')],
    ['a list of texts for elements', '<A><P>1</P></A>', (a: ReturnType<typeof readXml>) => a.list('P')],
    ['a negative number', '<A><K>-1</K></A>', (a: ReturnType<typeof readXml>) => a.integer('K')],
    ['a fraction', '<A><K>1.5</K></A>', (a: ReturnType<typeof readXml>) => a.integer('K')],
    ['an exponent', '<A><K>1e3</K></A>', (a: ReturnType<typeof readXml>) => a.integer('K')],
    ['a number beyond 2^53', '<A><K>9007199254740993</K></A>', (a: ReturnType<typeof readXml>) => a.integer('K')],
    [
      'a number of a thousand digits',
      `<A><K>${'9'.repeat(1000)}</K></A>`,
      (a: ReturnType<typeof readXml>) => a.integer('K'),
    ],
    ['no number', '<A><K/></A>', (a: ReturnType<typeof readXml>) => a.integer('K')],
    ['no date', '<A><K>soon</K></A>', (a: ReturnType<typeof readXml>) => a.time('K')],
  ])('%s: a clear error', (_name, text, use) => {
    expect(() => use(readXml(text, 'A'))).toThrow(MalformedAnswer);
  });

  it('nothing reaches a prototype', () => {
    expect(() => readXml('<A><__proto__><polluted>1</polluted></__proto__></A>', 'A')).toThrow(MalformedAnswer);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(readXml('<A><K>v</K></A>', 'A').text('toString')).toBeUndefined();
  });

  it('no text at all makes it crash', () => {
    const piece = fc.constantFrom(
      '<A>',
      '</A>',
      '<K',
      '>',
      '/>',
      '&',
      '&#x',
      ';',
      '<!',
      '<![CDATA[',
      ']]>',
      '<?xml',
      '?>',
      '"',
      'A',
      '\u0000',
      '--',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const found = readAnyXml(pieces.join(''));
        expect(found === undefined || typeof found.name === 'string').toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('writing', () => {
  it('escapes everything, and reads back the same', () => {
    const text = fc.string({ unit: 'grapheme' }).filter(fitsXml);
    fc.assert(
      fc.property(text, text, (key, value) => {
        const xml = writeXml('A', [
          [
            'T',
            [
              ['K', key],
              ['V', value],
            ],
          ],
        ]);
        const tag = readXml(xml, 'A').child('T');
        expect([tag.text('K'), tag.text('V')]).toEqual([key, value]);
      }),
    );
  });

  it('writes line ends as references, for a parser would change them', () => {
    expect(writeXml('A', 'a\r\n\t<b>&"\'')).toBe('<A>a&#xd;&#xa;&#x9;&lt;b&gt;&amp;&quot;&apos;</A>');
  });

  it('knows what XML cannot carry', () => {
    expect(['ok\t\n', 'a\u0001', 'a\u000b', '\uffff', '日本'].map(fitsXml)).toEqual([true, false, false, false, true]);
  });
});
