import type { GiveUp } from '../../copy/model/errors.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import type { PageEntry } from '../files/page-file.ts';
import { errorFields, type LineError } from '../files/result-file.ts';
import type { SidesSeen } from '../model/sync.ts';
import { addRecords } from '../model/tally.ts';
import type { BatchWorld } from '../model/world.ts';
import { checkBatch, readRequest } from '../request/check.ts';
import type { BatchInput } from '../request/request.ts';
import { selectorOf } from '../request/select.ts';
import { addSides, refusalOfRemovals } from '../sync/check-removals.ts';
import { decideSync, type SyncVerdict } from '../sync/decide.ts';
import { openSourceOf } from '../tasks/open-source.ts';

/** What a sync would do about one object. */
export interface SyncDifference {
  entry: PageEntry;
  would: SyncVerdict | { error: LineError };
}

export interface SyncPreview {
  sides: SidesSeen;
  passedOver: Record<string, number>;
  /** Why the sync would not begin. */
  refusal?: GiveUp;
}

const readAtOnce = 1_000;
const looksAtOnce = 16;

/**
 * Goes through both sides of a sync as the sync would, writes nothing, and gives out each difference in the order of the keys. In memory is
 * one stretch of the listings at a time.
 *
 * @throws CopyError when a side cannot be listed.
 */
export async function* previewSync(
  world: BatchWorld,
  input: BatchInput,
  options: CallOptions = {},
): AsyncGenerator<SyncDifference, SyncPreview> {
  const request = readRequest(input);
  checkBatch(world, request);
  const select = selectorOf(request, world.store(request.store).facts);
  const source = await openSourceOf(world, { request });
  const seen: SyncPreview = { sides: { sources: 0, destinations: 0, extras: 0 }, passedOver: {} };
  try {
    for (const range of await source.ranges()) {
      for (let cursor, last = false; !last;) {
        const page = await source.reader.read(range, cursor, readAtOnce, { ...options, split: false });
        addSides(seen.sides, page.sides);
        seen.passedOver = addRecords(seen.passedOver, page.passedOver);
        const entries = page.entries.flatMap((entry) => select(entry) ?? []);
        for (let at = 0; at < entries.length; at += looksAtOnce) {
          const some = entries.slice(at, at + looksAtOnce);
          const verdicts = some.map(async (entry) => {
            if (entry.error) return { error: entry.error };
            return await decideSync(world, request, entry, options).catch((error: unknown) => ({
              error: errorFields(error),
            }));
          });
          for (const [n, would] of (await Promise.all(verdicts)).entries())
            yield { entry: some[n] as PageEntry, would };
        }
        ({ cursor, last } = page);
      }
    }
  } finally {
    await source.close();
  }
  const refusal = refusalOfRemovals(request.sync ?? {}, seen.sides);
  return { ...seen, ...(refusal && { refusal }) };
}
