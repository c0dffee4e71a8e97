import type { StoreAddress } from '../../copy/model/object.ts';
import type { World } from '../../copy/model/ports.ts';
import type { SourcePorts } from '../../sources/shared/source.ts';
import type { WorkFiles, WorkPlace } from './work-files.ts';

/** What batches need besides what the engine needs. Holds no request (I12). */
export interface BatchWorld extends World {
  /** The files of a work folder. @throws GiveUp BadRequest when this runtime cannot reach it. */
  files(place: WorkPlace): WorkFiles;
  /** Where a batch is kept that names no place. Absent: it has to name one. */
  workPlace?: WorkPlace;
  /** Reads listings and files of one store. */
  sources(address: StoreAddress): Pick<SourcePorts, 'list' | 'stream' | 'read'>;
  /** Answers of this store so far, to this process, that said we are too fast; retries inside the client hide them. */
  throttled?(address: StoreAddress): number;
}
