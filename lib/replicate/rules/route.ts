import type { StoreAddress } from '../../copy/model/object.ts';
import type { CopyOptions } from '../../copy/model/request.ts';
import type { Filters } from '../../keys/filters.ts';
import type { Template } from '../../keys/template.ts';
import type { KeySpace } from './key-space.ts';
import type { RuleConfig } from './schema.ts';

/** One rule to one of its destinations; what everything else works with. */
export interface Route {
  /** The rule's name, with `#2` and so on for its further destinations. Given along as the label `rule`. */
  id: string;
  rule: string;
  store: StoreAddress;
  source: { bucket: string; prefix: string };
  destination: { bucket: string };
  template: Template;
  filters: Filters;
  /** For the replica: class, encryption, ACL. */
  options: CopyOptions;
  /** User metadata to add. */
  metadata: Record<string, string>;
  deletes: RuleConfig['deletes'];
  deleteMarkers: boolean;
  /** Replicas of this route may come back to where they came from: they carry a marker and conflicts are settled. */
  looped: boolean;
  /** Replicas carry a marker; all of looped routes and those whose deletes are verified. */
  marked: boolean;
  /** How often a canary is written through it, seconds; absent: never. */
  canarySeconds?: number;
  /** Over-approximations of the keys it reads and writes; buckets by `placeOf`. */
  reads: KeySpace;
  writes: KeySpace;
}
