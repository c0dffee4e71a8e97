/** The files of the check, in the batch's work folder. Each is written again, the same, when its step is done twice. */
import type { CallOptions } from '../../copy/model/ports.ts';
import type { WorkFiles } from '../model/work-files.ts';
import type { Conflict } from './find.ts';
import type { Verdict } from './verdict.ts';

const recordsFile = (batch: string, group: number, partition: number) => `${batch}/check/${group}-${partition}.txt`;
const conflictsFile = (batch: string, group: number, partition: number) =>
  `${batch}/conflicts/${group}/${partition}.json`;
const verdictsFile = (batch: string, page: string) => `${batch}/verdicts/${page}.json`;

export async function writeRecords(
  files: WorkFiles,
  batch: string,
  place: { group: number; partition: number },
  records: Buffer,
  options?: CallOptions,
): Promise<void> {
  await files.write(recordsFile(batch, place.group, place.partition), records.toString('base64'), options);
}

/** Empty when the group has none. */
export async function readRecords(
  files: WorkFiles,
  batch: string,
  place: { group: number; partition: number },
  options?: CallOptions,
): Promise<Buffer> {
  return Buffer.from((await files.read(recordsFile(batch, place.group, place.partition), options)) ?? '', 'base64');
}

export async function writeConflicts(
  files: WorkFiles,
  batch: string,
  place: { group: number; partition: number },
  conflicts: readonly Conflict[],
  options?: CallOptions,
): Promise<void> {
  await files.write(conflictsFile(batch, place.group, place.partition), JSON.stringify(conflicts), options);
}

/** Of the pages of one group. */
export async function readConflicts(
  files: WorkFiles,
  batch: string,
  group: number,
  options?: CallOptions,
): Promise<Conflict[]> {
  const conflicts: Conflict[] = [];
  for await (const name of files.list(`${batch}/conflicts/${group}/`, options)) {
    for (const found of JSON.parse((await files.read(name, options)) ?? '[]') as Conflict[]) conflicts.push(found);
  }
  return conflicts;
}

export async function writeVerdicts(
  files: WorkFiles,
  batch: string,
  page: string,
  verdicts: readonly Verdict[],
  options?: CallOptions,
): Promise<void> {
  await files.write(verdictsFile(batch, page), JSON.stringify(verdicts), options);
}

/** Empty when no row of the page is in a conflict. */
export async function readVerdicts(
  files: WorkFiles,
  batch: string,
  page: string,
  options?: CallOptions,
): Promise<Verdict[]> {
  return JSON.parse((await files.read(verdictsFile(batch, page), options)) ?? '[]') as Verdict[];
}
