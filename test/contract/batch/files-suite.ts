/** What every keeper of work files must do. */
import { describe, expect, it } from 'vitest';
import type { WorkFiles } from '../../../lib/batch/index.ts';

export function filesSuite(name: string, open: () => Promise<WorkFiles>): void {
  const listed = async (files: WorkFiles, prefix: string): Promise<string[]> => {
    const names: string[] = [];
    for await (const found of files.list(prefix)) names.push(found);
    return names;
  };

  describe(name, () => {
    it('gives back what was written', async () => {
      const files = await open();
      expect(await files.write('b/pages/0-000000.jsonl', '{"a":1}\n{"ä":"€"}\n')).toBe(true);
      expect(await files.read('b/pages/0-000000.jsonl')).toBe('{"a":1}\n{"ä":"€"}\n');
    });

    it('says when there is no such file', async () => {
      const files = await open();
      expect(await files.read('b/none.json')).toBeUndefined();
      expect(await files.readHead('b/none.json')).toBeUndefined();
    });

    it('writes over a file, but not when it is to be absent', async () => {
      const files = await open();
      await files.write('b/x.json', 'first');
      expect(await files.write('b/x.json', 'second', { ifAbsent: true })).toBe(false);
      expect(await files.read('b/x.json')).toBe('first');
      expect(await files.write('b/x.json', 'third')).toBe(true);
      expect(await files.read('b/x.json')).toBe('third');
    });

    it('lets one of many writers win', async () => {
      const files = await open();
      const writers = Array.from({ length: 16 }, (_, n) => `writer ${n}`);
      const landed = await Promise.all(writers.map((text) => files.write('b/x.json', text, { ifAbsent: true })));
      expect(landed.filter(Boolean)).toHaveLength(1);
      expect(await files.read('b/x.json')).toBe(writers[landed.indexOf(true)]);
    });

    it.each([10, 4_095, 4_096, 4_097, 100_000])('reads the first line, of %i characters', async (length) => {
      const files = await open();
      const line = `${'€'.repeat(3)}${'x'.repeat(length - 9)}`;
      await files.write('b/long.jsonl', `${line}\nrest\n`);
      expect(await files.readHead('b/long.jsonl')).toBe(line);
      await files.write('b/long.jsonl', line);
      expect(await files.readHead('b/long.jsonl')).toBe(line);
    });

    it('lists the files of one folder that begin alike, in order', async () => {
      const files = await open();
      for (const page of ['0-000010', '0-000002', '0.1-000000', '1-000000']) await files.write(`b/pages/${page}`, 'x');
      await files.write('b/results/0-000002', 'x');
      await files.write('c/pages/0-000000', 'x');
      expect(await listed(files, 'b/pages/')).toEqual([
        'b/pages/0-000002',
        'b/pages/0-000010',
        'b/pages/0.1-000000',
        'b/pages/1-000000',
      ]);
      expect(await listed(files, 'b/pages/0-')).toEqual(['b/pages/0-000002', 'b/pages/0-000010']);
      expect(await listed(files, 'b/rejected/')).toEqual([]);
    });
  });
}
