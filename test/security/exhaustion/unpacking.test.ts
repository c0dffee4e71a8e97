/** Manifests that are small in the store and large when they are read. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../../lib/sources/open.ts';
import type { SourcePorts } from '../../../lib/sources/shared/source.ts';

const MiB = 1024 * 1024;

/** Reads the first page of a manifest of these bytes, and counts how many were asked for. */
async function firstPage(bytes: Buffer) {
  let asked = 0;
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += 64 * 1024) {
      const chunk = bytes.subarray(at, at + 64 * 1024);
      asked += chunk.length;
      yield chunk;
    }
  }
  const ports = { stream: () => Promise.resolve(chunks()) } as unknown as SourcePorts;
  const file = { bucket: 'photos', key: 'list.jsonl' };
  const source = openSource({ kind: 'manifest', file, format: 'jsonl', encoding: 'plain', onBad: 'skip' }, ports);
  const page = await source.reader.read({ range: '0' }, undefined, 10);
  await source.close();
  return { page, asked };
}

describe('a packed manifest', () => {
  it('that unpacks to a thousand times its size is refused by name after a few of its bytes', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * MiB, 10), { level: 9 });
    await expect(firstPage(bomb)).rejects.toThrow(/list\.jsonl: it unpacks to more than 200 times its size/);
  });

  it('of many equal rows is read: they shrink well, but not so well', async () => {
    const row = (n: number) =>
      `${JSON.stringify({ bucket: 'photos', key: `2026/11/29/camera-1/photo-${n}.jpg`, size: n })}\n`;
    const text = Array.from({ length: 300_000 }, (_, n) => row(n)).join('');
    expect(Buffer.byteLength(text)).toBeGreaterThan(16 * MiB);
    expect((await firstPage(gzipSync(text))).page.entries).toHaveLength(10);
  });
});

describe('a manifest of line breaks', () => {
  it('ends its page after a bounded number of bytes, and says where to go on', async () => {
    const { page, asked } = await firstPage(Buffer.alloc(64 * MiB, 10));
    expect(page).toMatchObject({ entries: [], rejected: [], last: false });
    expect(page.cursor).toMatchObject({ offset: expect.any(Number) as number });
    expect(asked).toBeLessThan(10 * MiB);
  });
});
