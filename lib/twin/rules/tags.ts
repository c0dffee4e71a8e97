/** Object tags: at most ten, keys to 128 and values to 256 characters of those allowed, no key twice. */
import { refuse } from '../errors.ts';
import { decode } from '../wire/target.ts';
import { children, text, type Parsed, type XmlNode } from '../wire/xml.ts';

const MAX_TAGS = 10;
const MAX_KEY = 128;
const MAX_VALUE = 256;
/** Letters and digits of any script, blanks and a few signs. `@` is in S3's list and not in OSS's, which may be an omission. */
const ALLOWED = /^[\p{L}\p{M}\p{N}\p{Zs}+\-=._:/@]*$/u;

function collect(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  if (pairs.length > MAX_TAGS)
    throw refuse('InvalidTag', { message: `Object tags cannot be greater than ${MAX_TAGS}` });
  const tags = new Map<string, string>();
  for (const [key, value] of pairs) {
    if (key === '' || key.length > MAX_KEY || !ALLOWED.test(key))
      throw refuse('InvalidTag', { message: 'The TagKey you have provided is invalid' });
    if (value.length > MAX_VALUE || !ALLOWED.test(value))
      throw refuse('InvalidTag', { message: 'The TagValue you have provided is invalid' });
    if (tags.has(key)) throw refuse('InvalidTag', { message: 'Cannot provide multiple Tags with the same key' });
    tags.set(key, value);
  }
  return Object.fromEntries(tags);
}

/** `k=v&k2=v2`, URL-encoded, as in the tagging header. */
export function parseTagHeader(header: string): Record<string, string> {
  const pairs = header
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [key = '', ...value] = pair.split('=');
      return [decode(key, true), decode(value.join('='), true)] as const;
    });
  return collect(pairs);
}

export function parseTagging(tagging: Parsed): Record<string, string> {
  const set =
    typeof tagging === 'object' && !Array.isArray(tagging) ? (tagging as Record<string, Parsed>)['TagSet'] : undefined;
  return collect(children(set, 'Tag').map((tag) => [text(tag, 'Key') ?? '', text(tag, 'Value') ?? ''] as const));
}

export function renderTags(tags: Readonly<Record<string, string>>): XmlNode {
  return { TagSet: { Tag: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) } };
}
