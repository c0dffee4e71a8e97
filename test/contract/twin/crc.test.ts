import { describe, expect, it } from 'vitest';
import { patternBlock } from '../../../lib/twin/model/block.ts';
import { Content } from '../../../lib/twin/model/content.ts';
import { CRC32, CRC32C, CRC64_ECMA, CRC64_NVME } from '../../../lib/twin/model/crc.ts';

const CHECK = Buffer.from('123456789');

describe.each([
  ['CRC-64/XZ', CRC64_ECMA, 0x995dc9bbdf1939fan],
  ['CRC-64/NVME', CRC64_NVME, 0xae8b14860a799888n],
  ['CRC-32', CRC32, 0xcbf43926n],
  ['CRC-32C', CRC32C, 0xe3069283n],
])('%s', (_, crc, published) => {
  it('gives the published check value', () => {
    expect(crc.update(0n, CHECK)).toBe(published);
  });

  it('combines pieces of any length into the CRC of the whole', () => {
    for (const cut of [0, 1, 4, 8, 9]) {
      const [a, b] = [CHECK.subarray(0, cut), CHECK.subarray(cut)];
      expect(crc.combine(crc.update(0n, a), crc.update(0n, b), b.length)).toBe(published);
    }
  });

  it('repeats a block without writing it out', () => {
    const written = Buffer.concat(Array.from({ length: 13 }, () => CHECK));
    expect(crc.repeat(published, CHECK.length, 13)).toBe(crc.update(0n, written));
  });
});

describe('generated content', () => {
  const content = new Content([{ block: patternBlock(7), start: 0, end: 100_000 }]);

  it('has the CRC of its bytes, whole and in ranges that start anywhere', async () => {
    const bytes = await content.bytes();
    for (const [first, length] of [
      [0, 100_000],
      [1, 4093],
      [4092, 2],
      [50_000, 12_345],
      [99_999, 1],
      [8186, 4093],
    ] as const) {
      const range = content.range(first, length);
      expect((await range.bytes()).equals(bytes.subarray(first, first + length))).toBe(true);
      expect(await range.crc(CRC64_ECMA)).toBe(CRC64_ECMA.update(0n, bytes.subarray(first, first + length)));
    }
  });

  it('joins back into one slice, whatever it was cut into', async () => {
    const parts = [content.range(0, 33_333), content.range(33_333, 33_333), content.range(66_666, 33_334)];
    const joined = Content.join(parts);
    expect(joined.slices).toHaveLength(1);
    expect(joined.sameAs(content)).toBe(true);
  });

  it('reads differently at every shift by a usual part size', async () => {
    const far = new Content([{ block: patternBlock(7), start: 0, end: 2 ** 40 }]);
    const start = await far.range(0, 64).bytes();
    for (const mib of [1, 5, 8, 16, 64, 100, 512, 1024]) {
      expect((await far.range(mib * 2 ** 20, 64).bytes()).equals(start)).toBe(false);
    }
  });
});
