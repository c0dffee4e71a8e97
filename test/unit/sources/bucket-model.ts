import type {
  ListedEntry,
  RangePage,
  RangeReader,
  RangeSpec,
  SourcePorts,
} from '../../../lib/sources/shared/source.ts';

/** Lists keys in the order of their UTF-8 bytes, as stores do, and remembers what was asked. */
export function bucketModel(keys: Iterable<string>): { list: SourcePorts['list']; requests: { limit: number }[] } {
  const sorted = [...new Set(keys)].map((key) => ({ key, bytes: Buffer.from(key) }));
  sorted.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const requests: { limit: number }[] = [];
  const list: SourcePorts['list'] = (_bucket, { prefix, startAfter, limit }) => {
    requests.push({ limit });
    if (startAfter !== undefined && !startAfter.isWellFormed()) throw new Error('half of a surrogate pair was sent');
    const found: { key: string }[] = [];
    for (let at = firstBehind(sorted, startAfter); at < sorted.length && found.length <= limit; at += 1) {
      const one = sorted[at];
      if (one?.key.startsWith(prefix)) found.push(one);
    }
    const entries = found.slice(0, limit).map(({ key }): ListedEntry => ({ key, size: 1, etag: 'e', lastModified: 0 }));
    return Promise.resolve({ entries, more: found.length > limit });
  };
  return { list, requests };
}

function firstBehind(sorted: { bytes: Buffer }[], startAfter: string | undefined): number {
  if (startAfter === undefined) return 0;
  const after = Buffer.from(startAfter);
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Buffer.compare(sorted[middle]?.bytes ?? after, after) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

export interface Walk {
  keys: string[];
  /** Keys of each range. */
  ranges: Map<string, number>;
  /** Turns it took, if in each turn every range reads one page. */
  turns: number;
}

/** Reads all ranges, page by page in turns; `crash` tells whether a fresh reader reads the page again, from its cursor. */
export async function walk(
  open: () => RangeReader,
  first: RangeSpec[],
  limit: number,
  crash: () => boolean = () => false,
): Promise<Walk> {
  let reader = open();
  const walked: Walk = { keys: [], ranges: new Map(), turns: 0 };
  let open_: { range: RangeSpec; cursor: RangePage['cursor'] | undefined }[] = first.map((range) => ({
    range,
    cursor: undefined,
  }));
  while (open_.length > 0) {
    walked.turns += 1;
    const next: typeof open_ = [];
    for (const { range, cursor } of open_) {
      let page = await reader.read(range, cursor, limit);
      if (crash()) {
        reader = open();
        page = await reader.read(range, cursor, limit);
      }
      const { entries, last, split } = JSON.parse(JSON.stringify(page)) as RangePage;
      walked.keys.push(...entries.map(({ key }) => key));
      walked.ranges.set(range.range, (walked.ranges.get(range.range) ?? 0) + entries.length);
      if (!last) next.push({ range, cursor: JSON.parse(JSON.stringify(page.cursor)) as RangePage['cursor'] });
      if (split) next.push({ range: split, cursor: undefined });
    }
    open_ = next;
  }
  return walked;
}
