import type { CallOptions } from '../copy/ports.ts';
import type { WorkFiles } from './files.ts';
import { fileOf } from './files.ts';
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
}

interface PartialFile {
  tries: number;
  waits: number;
  lines: [number, ResultLine][];
  jobs: [number, string][];
}

export async function readPartial(
  files: WorkFiles,
  batch: string,
  page: string,
  options?: CallOptions,
): Promise<Known> {
  const text = await files.read(fileOf.partial(batch, page), options);
  const { tries, waits, lines, jobs } =
    text === undefined ? { tries: 0, waits: 0, lines: [], jobs: [] } : (JSON.parse(text) as PartialFile);
  return { tries, waits, lines: new Map(lines), jobs: new Map(jobs) };
}

/** Keeps what is known, and what another worker of the same page has kept meanwhile. */
export async function savePartial(
  files: WorkFiles,
  batch: string,
  page: string,
  known: Known,
  options?: CallOptions,
): Promise<void> {
  const there = await readPartial(files, batch, page, options);
  const lines = new Map([...there.lines, ...known.lines]);
  const jobs = [...new Map([...there.jobs, ...known.jobs])].filter(([index]) => !lines.has(index));
  const file: PartialFile = { tries: known.tries, waits: known.waits, lines: [...lines], jobs };
  await files.write(fileOf.partial(batch, page), JSON.stringify(file), options);
}
