/** `cp`, `mv` and `meta` of everything below a prefix, in the words of `lib/batch`. */
import type { BatchInput } from '../../batch/index.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import { present } from '../../copy/model/omit-undefined.ts';
import type { CopyOptions } from '../../copy/model/request.ts';
import type { Prefix } from './urls.ts';

export interface Many {
  mode: 'copy' | 'rename' | 'metadata';
  store: StoreAddress;
  source: Prefix;
  /** Absent for `metadata`. */
  destination?: Prefix;
  options: CopyOptions;
  include?: string[];
  exclude?: string[];
  /** Objects at once. */
  objects: number;
}

/** Progress and `--json` follow the pages, and a killed process copies at most its unfinished pages once more. */
const pageSize = 200;

/** Most objects of one page at once that a batch takes. */
const concurrencyMax = 256;

export function manyRequest({ mode, store, source, destination, options, ...more }: Many): BatchInput {
  const { include, exclude, objects } = more;
  // A move overwrites nothing anyway; said to a batch, it would count what stays as skipped.
  const { overwrite, ...others } = options;
  const isSamePrefix = destination === undefined || destination.prefix === source.prefix;
  return present({
    mode,
    store,
    source: { kind: 'prefix' as const, ...source },
    destination: destination && { bucket: destination.bucket },
    mapping: isSamePrefix ? undefined : { kind: 'prefix' as const, from: source.prefix, to: destination.prefix },
    names: include || exclude ? present({ include, exclude }) : undefined,
    options: mode === 'rename' && overwrite === 'never' ? others : options,
    ...atOnce(objects),
  });
}

/** The sizes of a batch that is shown as one command. */
export function atOnce(objects: number): Pick<BatchInput, 'pageSize' | 'concurrency' | 'objectsAtOnce'> {
  return { pageSize, concurrency: Math.min(objects, concurrencyMax), objectsAtOnce: objects };
}
