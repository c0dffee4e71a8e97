import { GiveUp } from '../model/errors.ts';
import type { Expected, KeptChecksum } from '../model/object.ts';
import { describe } from '../model/object.ts';
import type { CopyRequest } from '../model/request.ts';
import type { FidelityLoss } from '../model/result.ts';
import { checksumText, keepsChecksum } from './losses.ts';

export type Asked = Pick<CopyRequest, 'mode' | 'store' | 'source' | 'destination' | 'options'>;

/**
 * A rename and a metadata change leave no second object that still has what the first one loses, so they take nothing away
 * unless the caller accepts that (`acceptLoss`). A copy only reports what it could not carry.
 */
export function mustKeepAll({ mode, options }: Asked): boolean {
  return (mode === 'rename' || mode === 'metadata') && options.acceptLoss !== true;
}

/** A copy by parts, and the checksum that it keeps. */
export interface ByParts {
  checksum?: KeptChecksum;
}

/**
 * What is known before the write to be lost: headers that no request can set, entries of metadata that HEAD cannot show where
 * the metadata is written anew, and, by parts, the checksums that are not kept over them. Pure.
 */
export function foreseen(
  { mode }: Pick<CopyRequest, 'mode'>,
  { others = {}, hiddenMetadata, metadataChanged, checksums = [] }: Expected,
  parts?: ByParts,
): FidelityLoss[] {
  const isRewritten = metadataChanged || mode === 'metadata' || parts !== undefined;
  const lost: FidelityLoss[] = [];
  // One CopyObject to another name carries along what it does not know, and the comparison tells; onto itself nothing is left
  // to compare with, and by parts nothing is carried.
  if (mode === 'metadata' || parts) {
    const why = 'no request sets this header';
    lost.push(...Object.entries(others).map(([what, wanted]) => ({ what, wanted, why })));
  }
  if (hiddenMetadata && isRewritten)
    lost.push({
      what: 'hidden-metadata',
      wanted: `${hiddenMetadata} entries that HEAD does not show`,
      why: 'they cannot be written anew',
    });
  if (parts) {
    const gone = checksums.filter((one) => !keepsChecksum(one, parts.checksum ? [parts.checksum] : []));
    lost.push(
      ...gone.map((one) => ({ what: 'checksum', wanted: checksumText(one), why: 'a copy by parts has another' })),
    );
  }
  return lost;
}

/**
 * Refuses, before anything is written, what is known to lose something.
 * @throws GiveUp WouldLose that names everything that would be lost.
 */
export function refuseLosses(request: Asked, lost: readonly FidelityLoss[]): void {
  if (lost.length === 0 || !mustKeepAll(request)) return;
  const what = request.mode === 'rename' ? 'Renaming' : 'Changing the metadata of';
  throw new GiveUp(
    'WouldLose',
    `${what} ${describe(request.store, request.source)} would lose ${named(lost)}. Nothing was written. ` +
      `Ask again with acceptLoss (--accept-loss) to do it all the same.`,
  );
}

/**
 * Keeps the source of a rename whose copy turned out to lack something.
 * @throws GiveUp WouldLose that names everything that the copy lacks.
 */
export function keepSourceOnLoss(request: Asked, lost: readonly FidelityLoss[]): void {
  if (request.mode !== 'rename' || lost.length === 0 || !mustKeepAll(request)) return;
  const [from, to] = [request.source, request.destination].map((ref) => describe(request.store, ref));
  throw new GiveUp(
    'WouldLose',
    `${to} lacks ${named(lost)}, so ${from} was not deleted. Both objects are kept. Delete the source yourself, or rename ` +
      `again with acceptLoss and overwrite: always (--accept-loss --overwrite always).`,
  );
}

function named(lost: readonly FidelityLoss[]): string {
  return lost
    .map(({ what, wanted, why }) => `${what}${wanted ? ` (${wanted})` : ''}${why ? `: ${why}` : ''}`)
    .join('; ');
}
