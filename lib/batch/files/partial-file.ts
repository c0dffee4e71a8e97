import type { CallOptions } from '../../copy/model/ports.ts';
import { addRecords } from '../model/tally.ts';
import type { WorkFiles } from '../model/work-files.ts';
import { fileOf } from '../model/work-files.ts';
import type { ResultLine } from './result-file.ts';

/** What is known of a page that is not finished; by the place of the object in the page. */
export interface Known {
  lines: Map<number, ResultLine>;
  /** Large objects under way: ids of their jobs. */
  jobs: Map<number, string>;
  /** Rounds in which a store in trouble left something open. */
  tries: number;
  /** Rounds in which nothing ended. */
  waits: number;
  /** Store requests of the deliveries that have kept something here, by operation. */
  calls: Record<string, number>;
}

interface PartialFile {
  tries: number;
  waits: number;
  lines: [number, ResultLine][];
  jobs: [number, string][];
  calls: Record<string, number>;
}

export async function readPartial(
  files: WorkFiles,
  batch: string,
  page: string,
  options?: CallOptions,
): Promise<Known> {
  const text = await files.read(fileOf.partial(batch, page), options);
  const empty: PartialFile = { tries: 0, waits: 0, lines: [], jobs: [], calls: {} };
  const { lines, jobs, ...counts } = text === undefined ? empty : (JSON.parse(text) as PartialFile);
  return { ...counts, lines: new Map(lines), jobs: new Map(jobs) };
}

/** Keeps what is known, and what another worker of the same page has kept meanwhile. @param calls of this delivery alone */
export async function savePartial(
  files: WorkFiles,
  batch: string,
  page: string,
  known: Known,
  calls: Record<string, number>,
  options?: CallOptions,
): Promise<void> {
  const there = await readPartial(files, batch, page, options);
  const lines = new Map([...there.lines, ...known.lines]);
  const jobs = [...new Map([...there.jobs, ...known.jobs])].filter(([index]) => !lines.has(index));
  const { tries, waits } = known;
  const file: PartialFile = { tries, waits, lines: [...lines], jobs, calls: addRecords(there.calls, calls) };
  await files.write(fileOf.partial(batch, page), JSON.stringify(file), options);
}
