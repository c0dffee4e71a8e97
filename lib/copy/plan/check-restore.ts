import { GiveUp } from '../model/errors.ts';
import type { ObjectHead } from '../model/object.ts';
import { describe } from '../model/object.ts';
import type { StoreFacts } from '../model/store-facts.ts';
import type { CopyRequest } from '../model/request.ts';

const daysMost = 365;

/**
 * Refuses a wish for a restore that no store could fulfil, before any store is asked.
 * @throws GiveUp BadRequest.
 */
export function checkRestoreWish({ mode, options: { restore } }: CopyRequest): void {
  if (!restore) return;
  if (mode === 'metadata') {
    throw bad(
      'A restore is for copies: a metadata change would write the object anew and out of the archive. Leave restore out.',
    );
  }
  const { days } = restore;
  if (!Number.isInteger(days) || days < 1 || days > daysMost)
    throw bad(`The restored copy is kept for 1 to ${daysMost} whole days, got ${days}.`);
}

/**
 * Refuses what this store would not do for an object of this class. The restore costs money, so everything else that a copy
 * would refuse is refused first.
 * @throws GiveUp BadRequest; Unsupported.
 */
export function checkRestore(
  { store, source, options: { restore } }: CopyRequest,
  head: ObjectHead,
  facts: StoreFacts,
): void {
  if (!restore || !head.archived) return;
  const name = describe(store, source);
  const rule = facts.restores?.[head.archiveTier ?? head.storageClass];
  if (!rule)
    throw new GiveUp('Unsupported', `${name}: how objects of class ${head.storageClass} are restored is not known.`);
  const { tier, days } = restore;
  if (tier !== undefined && !rule.tiers.includes(tier)) {
    const known = rule.tiers.length > 0 ? `it has ${rule.tiers.join(', ')}` : 'it has none; leave the tier out';
    throw bad(`${name} is of class ${head.storageClass}, which has no restore tier ${tier}: ${known}.`);
  }
  if (rule.maxDays !== undefined && days > rule.maxDays)
    throw bad(`${name} is of class ${head.storageClass}, restored for at most ${rule.maxDays} days, got ${days}.`);
}

function bad(message: string): GiveUp {
  return new GiveUp('BadRequest', message);
}
