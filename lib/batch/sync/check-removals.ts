/** Whether a sync may remove what it found, asked when both sides were listed to their ends and nothing was written yet. */
import { GiveUp } from '../../copy/model/errors.ts';
import { forEachLimited } from '../../copy/model/for-each-limited.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import { readHeader } from '../files/page-file.ts';
import { defaultMaxDelete, type MaxDelete, type SidesSeen, type SyncRequest } from '../model/sync.ts';
import type { Batch } from '../rows/batch-row.ts';
import { pageIds } from '../rows/pages.ts';

const filesAtOnce = 16;

/** @throws GiveUp TooManyRemovals, which ends the batch. */
export async function checkRemovals(batch: Batch, options: CallOptions): Promise<void> {
  const seen: SidesSeen = { sources: 0, destinations: 0, extras: 0 };
  await forEachLimited(pageIds(batch), filesAtOnce, async (page) => {
    const { sides } = await readHeader(batch.files, batch.id, page, options);
    addSides(seen, sides);
  });
  const refusal = refusalOfRemovals(batch.request.sync ?? {}, seen);
  if (refusal) throw refusal;
}

export function addSides(sum: SidesSeen, more: SidesSeen | undefined): void {
  sum.sources += more?.sources ?? 0;
  sum.destinations += more?.destinations ?? 0;
  sum.extras += more?.extras ?? 0;
}

/** Why a sync that found this is not to begin; undefined when it is. */
export function refusalOfRemovals(
  { delete: removes, maxDelete = defaultMaxDelete, allowEmptySource }: SyncRequest,
  { sources, destinations, extras }: SidesSeen,
): GiveUp | undefined {
  if (!removes || extras === 0) return undefined;
  const would = `${extras} of ${destinations} destination objects would be removed`;
  if (sources === 0 && !allowEmptySource) {
    return tooMany(
      `the source holds no object that is meant, and ${would}. Check its name; --allow-empty says that it is right.`,
    );
  }
  if (!isMore(extras, destinations, maxDelete)) return undefined;
  const most = 'percent' in maxDelete ? `${maxDelete.percent}%` : String(maxDelete.objects);
  return tooMany(
    `${would}, more than --max-delete ${most} allows. Check both names with --dry-run, or raise --max-delete.`,
  );
}

function isMore(extras: number, destinations: number, most: MaxDelete): boolean {
  return 'percent' in most ? extras * 100 > most.percent * destinations : extras > most.objects;
}

function tooMany(why: string): GiveUp {
  return new GiveUp('TooManyRemovals', `Nothing was written or removed: ${why}`);
}
