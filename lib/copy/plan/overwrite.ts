import type { StoreFacts } from '../model/store-facts.ts';
import type { CopyOptions, CopyRequest } from '../model/request.ts';

/**
 * What becomes of an object at the destination. A rename keeps it unless `always` is asked for, since it may be the only one
 * of its content (I3).
 */
export function overwriteOf({
  mode,
  options,
}: Pick<CopyRequest, 'mode' | 'options'>): NonNullable<CopyOptions['overwrite']> {
  return options.overwrite ?? (mode === 'rename' ? 'never' : 'always');
}

/** The write is sent with the condition that there is no object yet, where the store has such a condition. */
export function mustBeAbsent(request: Pick<CopyRequest, 'mode' | 'options'>): boolean {
  const overwrite = overwriteOf(request);
  return request.mode === 'rename' ? overwrite !== 'always' : overwrite === 'never';
}

/**
 * The store may overwrite although it is sent that condition, so renames take turns at a destination and HEAD it once more
 * (see `holdingDestination`).
 */
export function takesTurns(request: Pick<CopyRequest, 'mode' | 'options'>, facts: StoreFacts): boolean {
  return request.mode === 'rename' && mustBeAbsent(request) && !facts.forbidsOverwrite;
}
