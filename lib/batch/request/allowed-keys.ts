/** Per-object access checks for batches whose caller has restricted access. */
import { GiveUp } from '../../copy/model/errors.ts';
import type { CopyOptions } from '../../copy/model/request.ts';
import { isInside } from '../../keys/prefixes.ts';
import type { SourcePorts } from '../../sources/shared/source.ts';
import { forbiddenOption } from './allowed-options.ts';
import type { BatchMode, BatchRequest } from './request.ts';

interface Place {
  bucket: string;
  key: string;
}

type Need = readonly ['read' | 'write', 'source' | 'destination'];

const copyNeeds: readonly Need[] = [
  ['read', 'source'],
  ['write', 'destination'],
];

/** A rename removes its source. */
const needs: Record<BatchMode, readonly Need[]> = {
  copy: copyNeeds,
  // What it removes lies where it writes.
  sync: copyNeeds,
  replicate: copyNeeds,
  reconcile: copyNeeds,
  rename: [
    ['read', 'source'],
    ['write', 'source'],
    ['write', 'destination'],
  ],
  metadata: [
    ['read', 'source'],
    ['write', 'source'],
  ],
  verify: [
    ['read', 'source'],
    ['read', 'destination'],
  ],
};

/**
 * The error if the caller may not access this object, or not do with it what the list asks for; undefined if it may.
 * @param options what the list asks for this object
 */
export function refusalOf(
  { mode, areas }: Pick<BatchRequest, 'mode' | 'areas'>,
  sides: Record<'source' | 'destination', Place>,
  options?: Partial<CopyOptions>,
): GiveUp | undefined {
  if (!areas) return undefined;
  for (const [access, side] of needs[mode]) {
    const place = sides[side];
    if (!isInside(areas[access], `${place.bucket}/`, place.key)) return denied(access, place);
  }
  const forbidden = mode === 'verify' || !options ? undefined : forbiddenOption(areas, options);
  return forbidden && new GiveUp('Forbidden', `The caller of this batch may not ${forbidden.what}.`);
}

/** The ports, for lists and listings within the areas: a manifest names files as well, and they are read in the caller's name. */
export function withinAreas(
  ports: Pick<SourcePorts, 'list' | 'stream'>,
  { areas }: Pick<BatchRequest, 'areas'>,
): Pick<SourcePorts, 'list' | 'stream'> {
  if (!areas) return ports;
  const mayRead = (place: Place): void => {
    if (!isInside(areas.read, `${place.bucket}/`, place.key)) throw denied('read', place);
  };
  return {
    async list(bucket, query) {
      mayRead({ bucket, key: query.prefix });
      return await ports.list(bucket, query);
    },
    async stream(file, options) {
      if (!('bucket' in file)) throw new GiveUp('BadRequest', 'A list has to be an object of a bucket.');
      mayRead(file);
      return await ports.stream(file, options);
    },
  };
}

function denied(access: string, { bucket, key }: Place): GiveUp {
  return new GiveUp('Forbidden', `The caller of this batch may not ${access} ${bucket}/${key}.`);
}
