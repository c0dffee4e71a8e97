import type { BatchInput } from '../../batch/index.ts';
import { present } from '../../copy/model/omit-undefined.ts';
import { manifestFormat } from '../../sources/shared/source.ts';
import type { Located } from '../callers/object-url.ts';
import { locate, paidBy, sameStore } from '../callers/object-url.ts';
import { areasIn, requireAccess, requireOptions } from '../callers/policy.ts';
import { Problem } from '../http/problem.ts';
import type { Call } from '../model/deps.ts';
import type { BatchBody } from './schemas.ts';

/**
 * The batch that a body asks for. What it names itself is checked against the caller's policy at once; the objects that a list
 * names are checked one by one, within the areas that the batch is given.
 *
 * @param retry what asks for objects of the batch that `source.batch` names
 * @throws Problem forbidden, cross-store, unknown-store, invalid.
 */
export function batchInput({ deps, caller, body }: Call<BatchBody>, retry: BatchInput | undefined): BatchInput {
  const { stores } = deps;
  const { source, destination, mapping, filters, options, onlyListed, limits, priority, pageSize, concurrency } = body;
  const { deep, compareAcl } = body;
  const url = listOrPrefix(source);
  const from = url === undefined ? undefined : locate(url, stores);
  const to = destination === undefined ? undefined : locate(destination, stores);
  const store = oneStore([retry?.store, from?.store, to?.store]);
  const mode = body.mode ?? retry?.mode ?? 'copy';
  if (from) requireAccess(caller, 'read', from);
  if (from && 'prefix' in source && (mode === 'rename' || mode === 'metadata')) requireAccess(caller, 'write', from);
  if (to) requireAccess(caller, mode === 'verify' ? 'read' : 'write', to);
  const wanted = options ?? retry?.options ?? {};
  requireOptions(caller, wanted);
  checkDestination(source, mode, mapping, to);
  return {
    ...retry,
    options: wanted,
    ...present({ filters, deep, compareAcl, onlyListed, limits, priority, pageSize, concurrency }),
    ...(from && !('batch' in source) && { source: sourceOf(source, from) }),
    ...(to && { destination: { bucket: to.bucket } }),
    ...present({ mapping: mapping ?? prefixMapping(source, from, to) }),
    mode,
    store: paidBy(store, body.requestPayer),
    areas: areasIn(caller, namesOf(store, stores)),
  } as BatchInput;
}

function listOrPrefix(source: BatchBody['source']): string | undefined {
  if ('prefix' in source) return source.prefix;
  if ('manifest' in source) return source.manifest;
  return 'inventory' in source ? source.inventory : undefined;
}

function oneStore(named: (Located['store'] | undefined)[]): Located['store'] {
  const [first, ...others] = named.filter((store) => store !== undefined);
  if (!first) throw new Problem('invalid', 'Nothing names a store.');
  if (others.every((other) => sameStore(first, other))) return first;
  throw new Problem('cross-store', 'A store copies inside itself: source and destination must be in one store.');
}

function namesOf(store: Located['store'], stores: Call['deps']['stores']): string[] {
  return Object.entries(stores).flatMap(([name, known]) => (sameStore(known, store) ? [name] : []));
}

function sourceOf(
  source: Exclude<BatchBody['source'], { batch: string }>,
  { bucket, key }: Located,
): BatchInput['source'] {
  if ('prefix' in source) return { kind: 'prefix', bucket, prefix: key };
  if ('inventory' in source) {
    const { inventory: _, ...rest } = source;
    return present({ kind: 'inventory', file: { bucket, key }, ...rest });
  }
  const { manifest, format, ...rest } = source;
  return present({ kind: 'manifest', file: { bucket, key }, format: format ?? manifestFormat(manifest), ...rest });
}

function checkDestination(
  source: BatchBody['source'],
  mode: string,
  mapping: BatchBody['mapping'],
  to: Located | undefined,
): void {
  if (mode === 'metadata') return;
  if (mapping && to && to.key !== '') {
    throw new Problem('invalid', 'The whole key comes from `mapping`: put the prefix of the destination there.');
  }
  if ('prefix' in source && !to && !mapping) {
    throw new Problem('invalid', 'Name a destination or a mapping, or ask for mode `metadata`.');
  }
}

/** The destination's prefix takes the place of the source's; a list has none. */
function prefixMapping(
  source: BatchBody['source'],
  from: Located | undefined,
  to: Located | undefined,
): BatchInput['mapping'] {
  const start = 'prefix' in source ? (from?.key ?? '') : '';
  if (!to || to.key === start) return undefined;
  return { kind: 'prefix', from: start, to: to.key, otherwise: 'fail' };
}
