import type * as z from 'zod';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { CopyOptions } from '../../copy/model/request.ts';
import type { Choice } from '../../keys/choice.ts';
import type { FiltersConfig, listFiltersSchema } from '../../keys/filters.ts';
import type { SourceInput, SourceSpec } from '../../sources/shared/source.ts';
import type { RuleMode, RuleRequest } from '../model/rule.ts';
import type { SyncRequest } from '../model/sync.ts';
import type { WorkPlace } from '../model/work-files.ts';
import type { Permissions } from './allowed-options.ts';
import type { Mapping, MappingInput } from './mapping.ts';

/**
 * - `copy`, `rename`, `metadata`: as for one object.
 * - `verify`: compare source and destination, write nothing.
 * - `replicate`, `reconcile`: what a replication rule says.
 * - `sync`: bring what lies below a prefix to what its source holds.
 */
export type BatchMode = 'copy' | 'rename' | 'metadata' | 'verify' | 'sync' | RuleMode;

export interface BatchLimits {
  /** Store requests a second, over all workers of this batch. */
  requestsPerSecond?: number;
  /** The same, shared by all batches of one caller that name this destination bucket and prefix. */
  prefixRequestsPerSecond?: number;
}

export interface NamePatterns {
  include?: string[];
  exclude?: string[];
}

/** One request for many objects. */
export interface BatchRequest {
  mode: BatchMode;
  store: StoreAddress;
  source: SourceSpec;
  /** Of `replicate` and `reconcile`: the rule, which also decides where objects go. `source` is that of the rule. */
  rule?: RuleRequest;
  /** Of `sync`, always: what else it does. */
  sync?: SyncRequest;
  /** Into which bucket; default: each object's own. Ignored for `metadata`. */
  destination?: { bucket: string };
  /** How a key becomes the destination's key; default: the same key. What a manifest says goes first. */
  mapping?: Mapping;
  filters?: FiltersConfig;
  /** Of a prefix: only names below it that these patterns choose; `nameFilter` says how. */
  names?: NamePatterns;
  /** Of any source: only keys that it chooses. */
  choice?: Choice;
  /** Of `verify`: where the bytes cannot be compared by what the stores tell, read both objects. */
  deep?: boolean;
  /** Of `verify`: compare the ACLs too. */
  compareAcl?: boolean;
  /** For every object; a manifest may say more for one. */
  options: CopyOptions;
  /** Copy the version that the source named (ETag and size) or nothing. */
  onlyListed?: boolean;
  limits?: BatchLimits;
  /** While a batch of the same caller with a higher one has work, pages of this one wait, for at most a minute each. Default 0. */
  priority?: number;
  /** Objects in a page, 1 to 5,000. Default 500. */
  pageSize?: number;
  /** Objects of one page at work at once, 1 to 256. Default 32. */
  concurrency?: number;
  /** Objects of all its pages at work at once in one process; default: as many as the pages take. */
  objectsAtOnce?: number;
  /** The same key is the same batch. */
  idempotencyKey?: string;
  /** Carried along and given back untouched. */
  labels?: Record<string, string>;
  /** What may be touched, where not all that our credentials reach; objects elsewhere fail. */
  areas?: Areas;
  /** Where pages and report are kept; default: where the runtime keeps them. */
  work?: WorkPlace;
}

/** As people write it. */
export interface BatchInput extends Omit<BatchRequest, 'source' | 'mapping' | 'filters'> {
  source: SourceInput;
  mapping?: MappingInput;
  filters?: z.input<typeof listFiltersSchema>;
}

export const defaultPageSize = 500;
export const defaultConcurrency = 32;

/** How the objects' `bucket/key` start, in the batch's store. */
export interface Areas extends Permissions {
  read: string[];
  write: string[];
}

/** The lowest rate that may be asked for, requests a second. */
export const slowestRate = 0.1;
