/** Reads all there is to know about an object: every header, tags, ACL, checksum, and the bytes themselves. */
import { createHash } from 'node:crypto';
import type { Quirks } from '../store/target.ts';
import { factsOfHeaders, type Facts } from './facets.ts';
import { ask, elements, type Ask, type Server } from './wire.ts';

/** A store, its deviations, and who else has an account there. */
export interface Place {
  server: Server;
  quirks: Quirks;
  /** Ids as ACLs name the account that writes and another one; absent where grants are not to be tried. */
  owner?: string;
  stranger?: string;
}

export const missing: Facts = new Map([['missing', 'missing']]);

/** `missing` where there is no such object. */
export async function look({ server, quirks }: Place, bucket: string, key: string, version?: string): Promise<Facts> {
  const query: Record<string, string> = version === undefined ? {} : { versionId: version };
  const read = (method: Ask['method'], more: Record<string, string> = {}, headers: Record<string, string> = {}) =>
    ask(server, { method, bucket, key, query: { ...query, ...more }, headers });
  let head;
  try {
    head = await read('HEAD', {}, server.scheme === 's3' ? { 'x-amz-checksum-mode': 'ENABLED' } : {});
  } catch (error) {
    if (/: 404 /.test(String(error))) return missing;
    throw error;
  }
  const facts = factsOfHeaders(head.headers, server.scheme);
  const { body } = await read('GET');
  facts.set('bytes', `${body.length} ${createHash('md5').update(body).digest('hex')}`);
  if (!quirks.noTags) facts.set('tags', tagsOf((await read('GET', { tagging: '' })).body));
  if (server.scheme === 's3' && !quirks.noAnnotations) {
    const names = elements((await read('GET', { annotation: '' })).body, 'AnnotationName').sort();
    const text = async (name: string) => String((await read('GET', { annotation: '', annotationName: name })).body);
    const notes = await Promise.all(names.map(async (name) => `${name}: ${await text(name)}`));
    if (notes.length > 0) facts.set('annotations', notes.join('\n'));
  }
  if (!quirks.noAcls) facts.set('acl', grantsOf((await read('GET', { acl: '' })).body));
  return facts;
}

/** `k=v&...`, sorted. */
function tagsOf(document: Buffer): string {
  const values = elements(document, 'Value');
  return tagText(Object.fromEntries(elements(document, 'Key').map((key, index) => [key, values[index] ?? ''])));
}

export function tagText(tags: Record<string, string>): string {
  const pairs = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
  return new URLSearchParams(pairs).toString();
}

/** OSS names an ACL, S3 lists grants. */
function grantsOf(document: Buffer): string {
  const grants = String(document).match(/<Grant>.*?<\/Grant>/gs) ?? [];
  const text = (grant: string): string =>
    [
      ...elements(grant, 'ID'),
      ...elements(grant, 'URI'),
      ...elements(grant, 'Permission'),
      ...elements(grant, 'Grant'),
    ].join(' ');
  return grants.map(text).sort().join(', ');
}

/** @param at most so many at once. */
export async function eachOf<Item>(
  items: readonly Item[],
  at: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: at }, worker));
}

/** All of them by key. */
export async function lookAt(place: Place, bucket: string, keys: readonly string[]): Promise<Map<string, Facts>> {
  const found = new Map<string, Facts>();
  await eachOf(keys, 4, async (key) => void found.set(key, await look(place, bucket, key)));
  return found;
}
