/** Paging and folding by delimiter, the same for objects, versions and uploads. */
import type { Call } from '../call.ts';
import { refuse } from '../errors.ts';

/** Encodes keys when the request asks for it. */
export function encoder(call: Call): (text: string) => string {
  const encoding = call.query.get('encoding-type');
  if (encoding === undefined) return (text) => text;
  if (encoding === 'url') return call.dialect.encode;
  throw refuse('InvalidArgument', { message: 'Invalid Encoding Method specified in Request' });
}

export function limitOf(call: Call, name: string, standard: number): number {
  const text = call.query.get(name);
  if (text === undefined || text === '') return standard;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 0 || (call.dialect.name === 'oss' && (limit > 1000 || limit < 1))) {
    throw refuse('InvalidArgument', { fields: { ArgumentName: name, ArgumentValue: text } });
  }
  return Math.min(limit, 1000);
}

/** OSS lists an empty delimiter as an empty element, and its Python SDK insists on it; S3 leaves it out. */
export function rendersEmpty({ dialect }: Call, text: string): boolean {
  return text !== '' || dialect.name === 'oss';
}

export interface Page<T> {
  items: T[];
  /** Common prefixes in order. */
  prefixes: string[];
  truncated: boolean;
  /** Where the page ended: a key with its item, or a common prefix. */
  last?: { name: string; item?: T };
}

export interface Folding<T> {
  prefix: string;
  delimiter: string;
  limit: number;
  keyOf: (item: T) => string;
  /** Marker of the page before: when it is a common prefix, that page covered what lies under it. */
  skip: string;
}

/** `items` come in key order; reading stops one item after the page is full. */
export function groupByDelimiter<T>(
  items: Iterable<T>,
  { prefix, delimiter, limit, keyOf, skip }: Folding<T>,
): Page<T> {
  const page: Page<T> = { items: [], prefixes: [], truncated: false };
  const end = delimiter === '' || !skip.startsWith(prefix) ? -1 : skip.indexOf(delimiter, prefix.length);
  const folded = end >= 0 && end + delimiter.length === skip.length ? skip : undefined;
  for (const item of items) {
    const key = keyOf(item);
    if (folded !== undefined && key.startsWith(folded)) continue;
    const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = at < 0 ? undefined : key.slice(0, at + delimiter.length);
    if (common !== undefined && page.prefixes.at(-1) === common) continue;
    if (page.items.length + page.prefixes.length >= limit) {
      page.truncated = limit > 0;
      break;
    }
    if (common === undefined) page.items.push(item);
    else page.prefixes.push(common);
    page.last = common === undefined ? { name: key, item } : { name: common };
  }
  return page;
}
