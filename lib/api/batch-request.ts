import type { Batch, BatchInput, WorkPlace } from '../batch/batch.ts';
import type { BatchBody } from './batch-schemas.ts';
import type { Call } from './deps.ts';
import type { Located } from './object-url.ts';
import { locate } from './object-url.ts';
import { areasIn, requireAccess } from './policy.ts';
import { Problem } from './problem.ts';

/**
 * The batch that a body asks for. What it names itself is checked against the caller's policy at once; the objects that a list
 * names are checked one by one while it is read, within the areas that the batch is given.
 *
 * @param earlier the batch that `source.batch` names
 * @throws Problem forbidden, cross-store, unknown-store, invalid.
 */
export function batchInput({ deps, caller, body }: Call<BatchBody>, earlier: Batch | undefined): BatchInput {
  const { stores } = deps;
  const { source, destination, mapping, filters, report, onlyListed, limits, priority, pageSize, concurrency } = body;
  const [url] = 'prefix' in source ? [source.prefix] : 'manifest' in source ? [source.manifest] : inventoryOf(source);
  const from = url === undefined ? undefined : locate(url, stores);
  const to = destination === undefined ? undefined : locate(destination, stores);
  const place = report === undefined ? undefined : locate(report, stores);
  const store = storeOf(earlier, [from, to, place], stores);
  const mode = body.mode ?? earlier?.request.mode ?? 'copy';
  if (from) requireAccess(caller, 'read', from);
  if (from && 'prefix' in source && mode !== 'copy' && mode !== 'verify') requireAccess(caller, 'write', from);
  if (to) requireAccess(caller, mode === 'verify' ? 'read' : 'write', to);
  if (place) for (const access of ['read', 'write'] as const) requireAccess(caller, access, place);
  checkDestination(source, mode, mapping, to);
  return present({
    ...(earlier && withoutChoice(earlier)),
    ...present({ options: body.options, onlyListed, limits, priority, pageSize, concurrency }),
    mode,
    store: store.store,
    source: sourceOf(source, from),
    ...(to && { destination: { bucket: to.bucket } }),
    mapping: mapping ?? prefixMapping(source, from, to),
    filters,
    options: body.options ?? earlier?.request.options ?? {},
    areas: areasIn(caller, store.name),
    work: place && workPlace(place),
  });
}

function inventoryOf(source: BatchBody['source']): [string] | [] {
  return 'inventory' in source ? [source.inventory] : [];
}

/** Where each object of an earlier batch goes, and that it was chosen, stands in its line of the report. */
function withoutChoice({ request }: Batch): Partial<BatchInput> {
  const { mapping: _mapping, filters: _filters, idempotencyKey: _key, labels: _labels, ...rest } = request;
  return rest;
}

/** One store for everything. */
function storeOf(
  earlier: Batch | undefined,
  named: (Located | undefined)[],
  stores: Call['deps']['stores'],
): Pick<Located, 'name' | 'store'> {
  const places: Pick<Located, 'name' | 'store'>[] = named.filter((place) => place !== undefined);
  if (earlier) {
    const { store } = earlier.request;
    const name = Object.entries(stores).find(([, known]) => sameAddress(known, store))?.[0];
    if (name === undefined) throw new Problem('unknown-store', 'The store of that batch is not configured any more.');
    places.unshift({ name, store });
  }
  const [first, ...others] = places;
  if (!first) throw new Problem('invalid', 'Nothing names a store.');
  const other = others.find(({ name }) => name !== first.name);
  if (!other) return first;
  throw new Problem(
    'cross-store',
    `A store copies inside itself: ${first.name} and ${other.name} must be one store, and so must the report's.`,
  );
}

function sameAddress(a: Located['store'], b: Located['store']): boolean {
  return a.scheme === b.scheme && a.endpoint === b.endpoint && a.region === b.region;
}

function sourceOf(source: BatchBody['source'], from: Located | undefined): BatchInput['source'] {
  if ('batch' in source) return present({ kind: 'results', batchId: source.batch, statuses: source.statuses });
  const { bucket = '', key = '' } = from ?? {};
  if ('prefix' in source) return { kind: 'prefix', bucket, prefix: key };
  if ('inventory' in source) {
    const { inventory: _, ...rest } = source;
    return present({ kind: 'inventory', file: { bucket, key }, ...rest });
  }
  const { manifest, format, ...rest } = source;
  const guessed = /\.(jsonl|ndjson|json)(\.gz)?$/i.test(manifest) ? 'jsonl' : 'csv';
  return present({ kind: 'manifest', file: { bucket, key }, format: format ?? guessed, ...rest });
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

function workPlace({ store, bucket, key }: Located): WorkPlace {
  return { kind: 'bucket', store, bucket, prefix: key };
}

/** Without the fields that are undefined. */
function present<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}
