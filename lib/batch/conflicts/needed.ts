/**
 * Whether two rows of one batch can get in each other's way, as far as the request alone tells.
 *
 * A listing names each object once and all in one bucket. With a mapping that keeps every key apart, its rows have
 * destinations of their own, and `select.ts` refuses a destination that lies in what is read. Every other source may name an
 * object twice, or name one object's source as another's destination: such a batch is read to its end and checked first.
 */
import { isRuleMode } from '../model/rule.ts';
import type { Mapping } from '../request/mapping.ts';
import type { BatchRequest } from '../request/request.ts';

export function needsCheck({
  mode,
  source,
  destination,
  mapping,
  sync,
}: Pick<BatchRequest, 'mode' | 'source' | 'destination' | 'mapping' | 'sync'>): boolean {
  // Nothing is written before it is known how much would be removed.
  if (sync) return sync.delete === true;
  // Rules that could write one key twice are refused when they are loaded.
  if (mode === 'verify' || isRuleMode(mode)) return false;
  if (source.kind === 'prefix') return mode !== 'metadata' && !keepsApart(mapping);
  // An inventory names the objects of one bucket once each, but says nothing of what lies where they are copied to.
  if (source.kind === 'inventory' && mode === 'copy') return destination === undefined || !keepsApart(mapping);
  return true;
}

/** Different keys always become different keys. `compileTemplate` takes no template that loses part of the key. */
function keepsApart(mapping: Mapping | undefined): boolean {
  switch (mapping?.kind) {
    case undefined:
    case 'template':
      return true;
    case 'prefix':
      return mapping.otherwise !== 'keep';
    case 'pattern':
      return false;
  }
}
