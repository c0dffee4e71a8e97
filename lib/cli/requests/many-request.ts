/** `cp`, `mv` and `meta` of everything below a prefix, in the words of `lib/batch`. */
import type { BatchInput } from '../../batch/index.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import { present } from '../../copy/model/omit-undefined.ts';
import type { CopyOptions } from '../../copy/model/request.ts';
import type { Choice } from '../../keys/choice.ts';
import type { FiltersConfig } from '../../keys/filters.ts';
import type { Prefix } from '../input/urls.ts';

export interface Many {
  mode: 'copy' | 'rename' | 'metadata';
  store: StoreAddress;
  source: Prefix;
  /** Absent for `metadata`. */
  destination?: Prefix;
  options: CopyOptions;
  /** Where the names begin that are kept below the destination; default: the source's prefix. */
  below?: string;
  choice?: Choice;
  /** Of a command that a version before `choice` left behind. */
  include?: string[];
  exclude?: string[];
  filters?: FiltersConfig;
  /** No object that matches is no error. */
  allowEmpty?: boolean;
  /** What was asked for, to be named where nothing matches. */
  asked?: string;
  /** Objects at once. */
  objects: number;
}

/** Progress and `--json` follow the pages, and a killed process copies at most its unfinished pages once more. */
const pageSize = 200;

/** Most objects of one page at once that a batch takes. */
const concurrencyMax = 256;

export function manyRequest({ mode, store, source, destination, options, ...more }: Many): BatchInput {
  const { below = source.prefix, choice, filters, include, exclude, objects } = more;
  const isSamePrefix = destination === undefined || destination.prefix === below;
  return present({
    mode,
    store,
    source: { kind: 'prefix' as const, ...source },
    destination: destination && { bucket: destination.bucket },
    mapping: isSamePrefix ? undefined : { kind: 'prefix' as const, from: below, to: destination.prefix },
    choice,
    filters,
    names: include || exclude ? present({ include, exclude }) : undefined,
    options,
    ...atOnce(objects),
  });
}

/** The sizes of a batch that is shown as one command. */
export function atOnce(objects: number): Pick<BatchInput, 'pageSize' | 'concurrency' | 'objectsAtOnce'> {
  return { pageSize, concurrency: Math.min(objects, concurrencyMax), objectsAtOnce: objects };
}
