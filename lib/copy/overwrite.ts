import type { CopyOptions, CopyRequest } from './request.ts';

/** What becomes of an object at the destination. A rename keeps it unless `always` is asked for: its content may be the only one (I3). */
export function overwriteOf({
  mode,
  options,
}: Pick<CopyRequest, 'mode' | 'options'>): NonNullable<CopyOptions['overwrite']> {
  return options.overwrite ?? (mode === 'rename' ? 'never' : 'always');
}

/** The write is sent with the condition that there is no object yet, where the store has such a condition. */
export function mustBeAbsent(request: Pick<CopyRequest, 'mode' | 'options'>): boolean {
  return overwriteOf(request) === 'never';
}
