/** The ways in which an object gets somewhere else, or becomes another where it is. */
import type { Facts } from './facets.ts';
import { tagText, type Place } from './look.ts';
import { copyPart } from './objects.ts';
import type { BucketKind } from './stage.ts';

export interface Way {
  name: string;
  command: 'cp' | 'mv' | 'meta' | 'batch run';
  /** What the command does to one object: `meta` changes it where it is, `mv` takes its source away. */
  single: 'cp' | 'mv' | 'meta';
  /** Flags besides those that say what is asked. */
  flags: readonly string[];
  asked: Asked;
}

/** What is wanted to differ from the source. */
export interface Asked {
  metadata?: Record<string, string>;
  contentType?: string;
  tags?: Record<string, string>;
  storageClass?: string;
}

/** @param url of the source; of an object, or of all below it. @param to absent: where the objects are. */
export function commandLine({ command, single, flags, asked }: Way, url: string, to?: string): string[] {
  const mode = command !== 'batch run' ? [] : { cp: [], mv: ['--rename'], meta: ['--in-place'] }[single];
  const places = single === 'meta' || to === undefined ? [url] : [url, to];
  return [...command.split(' '), ...places, ...mode, ...flagsOf(asked, command === 'meta'), ...flags, '--json'];
}

/** The plan for one object. */
export function planLine(way: Way, url: string, to: string): string[] {
  const accepted = way.single === 'cp' ? [] : ['--accept-loss'];
  return [...commandLine({ ...way, command: way.single }, url, to), ...accepted, '--dry-run'];
}

function flagsOf({ metadata, contentType, tags, storageClass }: Asked, isMeta: boolean): string[] {
  const pairs = (flag: string, record: Record<string, string> = {}) =>
    Object.entries(record).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  return [
    ...pairs(isMeta ? '--set' : '--meta', metadata),
    ...pairs('--tag', tags),
    ...(contentType === undefined ? [] : ['--content-type', contentType]),
    ...(storageClass === undefined ? [] : ['--storage-class', storageClass]),
  ];
}

/** The source's facts with what was asked for: the destination's, were nothing lost. */
export function wantedOf(source: Facts, { metadata = {}, contentType, tags, storageClass }: Asked): Facts {
  const wanted = new Map(source);
  for (const [name, value] of Object.entries(metadata)) wanted.set(`metadata:${name}`, value);
  if (contentType !== undefined) wanted.set('content:contentType', contentType);
  if (storageClass !== undefined) wanted.set('storage-class', storageClass);
  if (tags) wanted.set('tags', tagText({ ...Object.fromEntries(new URLSearchParams(source.get('tags'))), ...tags }));
  return wanted;
}

/** Absent where the store cannot do it. */
export function waysOf({ server, quirks }: Place): Way[] {
  const parts = ['--part-size', String(copyPart[server.scheme])];
  const metadata = { metadata: { x: 'y' } };
  const header = { ...metadata, contentType: 'text/x-other' };
  const tags = { tags: { k: 'other' } };
  const other = { storageClass: quirks.secondClass };
  const way = (name: string, command: Way['single'], asked: Asked = {}, flags: string[] = []): Way => ({
    ...{ name, command, single: command, flags, asked },
  });
  const batch = (name: string, single: Way['single'], asked: Asked = {}): Way => ({
    ...{ name, command: 'batch run', single, flags: [], asked },
  });
  const all = [
    way('cp', 'cp'),
    way('cp by parts', 'cp', {}, parts),
    way('cp --acl keep', 'cp', {}, ['--acl', 'keep']),
    way('cp --acl keep by parts', 'cp', {}, ['--acl', 'keep', ...parts]),
    way('cp with other metadata', 'cp', header),
    way('cp with other metadata by parts', 'cp', header, parts),
    way('cp with another tag', 'cp', tags),
    way('cp to another class', 'cp', other),
    way('mv', 'mv'),
    way('mv by parts', 'mv', {}, parts),
    way('mv with other metadata', 'mv', metadata),
    way('meta --set', 'meta', metadata),
    way('meta --set by parts', 'meta', metadata, parts),
    way('meta --tag', 'meta', tags),
    way('meta --set --tag', 'meta', { ...metadata, ...tags }),
    way('meta --storage-class', 'meta', other),
    batch('batch run', 'cp'),
    batch('batch run --rename', 'mv'),
    batch('batch run --in-place', 'meta', metadata),
  ];
  const can = ({ asked }: Way): boolean =>
    (!quirks.noTags || asked.tags === undefined) && (!('storageClass' in asked) || asked.storageClass !== undefined);
  return all.filter(can);
}

/** Copies and moves of objects with a retention or a hold, to a bucket that takes such, and to one that does not. */
export function lockedWays({ server, quirks }: Place): (Way & { kind: BucketKind })[] {
  if (server.scheme !== 's3' || quirks.noLocks) return [];
  const parts = ['--part-size', String(copyPart[server.scheme])];
  const way = (single: 'cp' | 'mv', kind: BucketKind, name: string, flags: readonly string[] = []) => ({
    ...{ name: `${single}${name}`, command: single, single, flags, asked: {}, kind },
  });
  return (['cp', 'mv'] as const).flatMap((single) =>
    (['locking', 'plain'] as const).flatMap((kind) => [way(single, kind, ''), way(single, kind, ' by parts', parts)]),
  );
}
