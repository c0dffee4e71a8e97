import { GiveUp } from '../../copy/model/errors.ts';
import type { ObjectRef } from '../../copy/model/object.ts';
import { describe } from '../../copy/model/object.ts';
import type { BatchRequest } from './request.ts';

/**
 * The refusal of a destination that lies in the prefix that is read: it may be an object still to be copied, and what is
 * written there would be listed, and copied, again. Undefined when the destination lies elsewhere.
 */
export function refusalInside(
  { mode, source, store, rule }: Pick<BatchRequest, 'mode' | 'source' | 'store' | 'rule'>,
  from: ObjectRef,
  to: ObjectRef,
): GiveUp | undefined {
  // Rules are checked against that when they are loaded, filters and all.
  if (rule) return undefined;
  if (source.kind !== 'prefix' || mode === 'metadata' || mode === 'verify') return undefined;
  if (to.bucket !== source.bucket || !to.key.startsWith(source.prefix)) return undefined;
  return new GiveUp(
    'RowConflict',
    `${describe(store, from)} would go to ${describe(store, to)}, which lies in what is to be copied; nothing was done. ` +
      'Choose a destination outside of it, or name the objects in a manifest.',
  );
}
