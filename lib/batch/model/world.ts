import type { ObjectHead, StoreAddress } from '../../copy/model/object.ts';
import type { World } from '../../copy/model/ports.ts';
import type { SourcePorts } from '../../sources/shared/source.ts';
import type { RuleWork } from './rule.ts';
import type { Status } from './tally.ts';
import type { WorkFiles, WorkPlace } from './work-files.ts';

/** Of a page: what became of objects, by their place in it, and the jobs of large ones under way. */
export interface KnownSoFar {
  lines: ReadonlyMap<number, { status: Status; size?: number }>;
  jobs: ReadonlyMap<number, string>;
}

/** What batches need besides what the engine needs. Holds no request (I12). */
export interface BatchWorld extends World {
  /** The files of a work folder. @throws GiveUp BadRequest when this runtime cannot reach it. */
  files(place: WorkPlace): WorkFiles;
  /** Where a batch is kept that names no place. Absent: it has to name one. */
  workPlace?: WorkPlace;
  /** For batches that go by a replication rule. Absent: there are none here. */
  byRule?: RuleWork;
  /** Reads listings and files of one store. */
  sources(address: StoreAddress): Pick<SourcePorts, 'list' | 'stream' | 'read'>;
  /** Whether a copy carries our marker of this very version of its original. Absent: not known here. */
  isMarkedCopy?(original: ObjectHead, copy: ObjectHead): boolean;
  /** Answers of this store so far, to this process, that said we are too fast; retries inside the client hide them. */
  throttled?(address: StoreAddress): number;
  /** Waits until fewer than `limit` objects of the batch are at work here, then does `work`. Absent: at once. */
  inTurn?(batch: string, limit: number, work: () => Promise<void>): Promise<void>;
  /** Whether this process is to begin no further object of the batch. */
  isStopping?(batch: string): boolean;
  /** Hears what is known of a page under way, which goes on changing; undefined when its result is written. */
  onPage?(batch: string, page: string, known: KnownSoFar | undefined): void;
}
