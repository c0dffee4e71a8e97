import { GiveUp } from '../../../lib/copy/model/errors.ts';
import { openSource } from '../../../lib/sources/open.ts';
import type {
  Cursor,
  Entry,
  RangePage,
  RangeSpec,
  Rejected,
  SourceInput,
  SourcePorts,
} from '../../../lib/sources/shared/source.ts';
import { sourceSchema } from '../../../lib/sources/shared/source.ts';

export interface FilesModel extends SourcePorts {
  /** Every opening: what was asked for, and whether it was let go or read to its end. */
  opened: { name: string; from: number; closed: boolean }[];
}

/** Files in memory, `bucket/key` or path, given out in chunks of a few bytes so that every place may be a border. */
export function filesModel(files: Record<string, string | Uint8Array>, chunk = 7): FilesModel {
  const opened: FilesModel['opened'] = [];
  return {
    opened,
    list: () => Promise.reject(new Error('nothing is listed here')),
    stream: (file, { from = 0, to } = {}) => {
      const name = 'path' in file ? file.path : `${file.bucket}/${file.key}`;
      const content = files[name];
      if (content === undefined) return Promise.reject(new GiveUp('NotFound', `There is no ${name}.`));
      const one = { name, from, closed: false };
      opened.push(one);
      return Promise.resolve(
        (async function* () {
          try {
            const bytes = Buffer.from(content).subarray(0, to);
            for (let at = from; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
          } finally {
            one.closed = true;
          }
        })(),
      );
    },
  };
}

export interface AllRead {
  entries: Entry[];
  rejected: Rejected[];
  passedOver: RangePage['passedOver'];
  pages: number;
}

/** Reads every range to its end; with `fresh`, by a new reader for each page, as after a crash. */
export async function readAll(
  input: SourceInput,
  ports: SourcePorts,
  { limit = 2, fresh = false }: { limit?: number; fresh?: boolean } = {},
): Promise<AllRead> {
  const spec = sourceSchema.parse(input);
  let source = openSource(spec, ports);
  const all: AllRead = { entries: [], rejected: [], passedOver: {}, pages: 0 };
  for (const range of (await source.ranges()).map((one) => JSON.parse(JSON.stringify(one)) as RangeSpec)) {
    let cursor: Cursor | undefined;
    for (let last = false; !last; all.pages += 1) {
      const page = await source.reader.read(range, cursor, limit);
      if (page.entries.length + page.rejected.length > limit) throw new Error('more than asked for');
      all.entries.push(...page.entries);
      all.rejected.push(...page.rejected);
      for (const [why, count] of Object.entries(page.passedOver)) {
        const name = why as keyof RangePage['passedOver'];
        all.passedOver[name] = (all.passedOver[name] ?? 0) + count;
      }
      cursor = JSON.parse(JSON.stringify(page.cursor)) as Cursor;
      last = page.last;
      if (!fresh) continue;
      await source.close();
      source = openSource(spec, ports);
    }
  }
  await source.close();
  return all;
}
