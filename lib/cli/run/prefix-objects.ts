/** Many objects: everything below a prefix, copied or moved one by one, many at once. */
import { gaveUp, GiveUp } from '../../copy/model/errors.ts';
import { describe } from '../../copy/model/object.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import type { CopyResult } from '../../copy/model/result.ts';
import { nameFilter } from '../input/include-exclude.ts';
import type { PrefixCommand } from '../input/prefix-command.ts';
import { forEachOf } from './for-each-of-stream.ts';
import { Tally } from './tally.ts';

export interface Listed {
  key: string;
  size: number;
}

export interface ListedPage {
  objects: Listed[];
  /** No page follows. */
  last: boolean;
}

/** What the copying of a prefix needs of the world. */
export interface PrefixWork {
  list(bucket: string, prefix: string): AsyncIterable<ListedPage>;
  /** Copies one object; `onBytes` hears how many of its bytes are there. */
  copy(request: CopyRequest, onBytes: (bytes: number) => void): Promise<CopyResult>;
  /** Whether the destination of a request is there and is equal to what its source is or was. */
  isThere(request: CopyRequest): Promise<boolean>;
  signal?: AbortSignal;
}

export interface PrefixEvents {
  /** One object is finished, well or badly; `error` or `result` is set. */
  onObject(
    request: CopyRequest,
    outcome: { result?: CopyResult; error?: unknown; seconds: number },
  ): void | Promise<void>;
  onProgress(tally: Tally, bytesInFlight: number): void;
}

/**
 * Copies or moves everything below a prefix. One object's failure does not stop the others.
 *
 * With `resumed` the command is done a second time: what is there already counts as done. A copy then writes only what
 * differs; of a move, an object whose source is gone and whose destination is there was moved by the first run.
 *
 * @throws CopyError when the listing fails.
 */
export async function copyPrefix(
  command: PrefixCommand,
  work: PrefixWork,
  events: PrefixEvents,
  resumed = false,
): Promise<Tally> {
  const tally = new Tally();
  const inFlight = new Map<string, number>();
  const report = () => events.onProgress(tally, sum(inFlight.values()));
  const copyOne = async (object: Listed): Promise<void> => {
    const request = requestFor(command, object.key, resumed);
    const startedAt = performance.now();
    const seconds = () => (performance.now() - startedAt) / 1000;
    try {
      const result = await copyGuarded(command, work, request, resumed, (bytes) => {
        inFlight.set(object.key, bytes);
        report();
      });
      inFlight.delete(object.key);
      tally.succeed(result);
      await events.onObject(request, { result, seconds: seconds() });
    } catch (error) {
      inFlight.delete(object.key);
      // What the stop interrupted has not failed: it goes on with `ferry resume`.
      if (work.signal?.aborted) return;
      tally.fail(error);
      await events.onObject(request, { error, seconds: seconds() });
    }
    report();
  };
  await forEachOf(wanted(command, work, tally), command.objects, copyOne, work.signal);
  return tally;
}

export async function* wanted(
  command: PrefixCommand,
  work: Pick<PrefixWork, 'list'>,
  tally: Tally,
): AsyncGenerator<Listed> {
  const { bucket, prefix } = command.source;
  const keep = nameFilter(command.include, command.exclude);
  for await (const page of work.list(bucket, prefix)) {
    const objects = page.objects.filter((object) => keep(object.key.slice(prefix.length)));
    tally.found += objects.length;
    for (const { size } of objects) tally.foundBytes += size;
    tally.listed = page.last;
    yield* objects;
  }
}

export function requestFor(command: PrefixCommand, key: string, resumed: boolean): CopyRequest {
  const { mode, store, source, destination, options } = command;
  const skipEqual = resumed && (options.overwrite ?? 'always') === 'always';
  return {
    mode,
    store,
    source: { bucket: source.bucket, key },
    destination: { bucket: destination.bucket, key: destination.prefix + key.slice(source.prefix.length) },
    options: skipEqual ? { ...options, overwrite: 'if-different' } : options,
  };
}

async function copyGuarded(
  command: PrefixCommand,
  work: PrefixWork,
  request: CopyRequest,
  resumed: boolean,
  onBytes: (bytes: number) => void,
): Promise<CopyResult> {
  refuseInside(command, request);
  try {
    return await work.copy(request, onBytes);
  } catch (error) {
    const moving = request.mode === 'rename';
    const mayBeOurs = resumed && (gaveUp(error, 'DestinationExists') || (moving && gaveUp(error, 'NotFound')));
    if (!mayBeOurs || !(await work.isThere(request))) throw error;
    // Written by the first run, which did not get to removing the source.
    if (moving && gaveUp(error, 'DestinationExists')) {
      return work.copy({ ...request, options: { ...request.options, overwrite: 'if-different' } }, onBytes);
    }
    return { way: 'unchanged', size: 0, etag: '', verifiedBy: 'store', lost: [] };
  }
}

/** Copying upwards in one bucket may land on a name that is itself still to be copied. */
function refuseInside({ store, source, destination }: PrefixCommand, request: CopyRequest): void {
  if (source.bucket !== destination.bucket || !request.destination.key.startsWith(source.prefix)) return;
  throw new GiveUp(
    'BadRequest',
    `${describe(store, request.source)} was not copied: its destination ${describe(store, request.destination)} lies inside the source ` +
      `and might overwrite an object that is still to be copied. Copy it by itself, to another name.`,
  );
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
