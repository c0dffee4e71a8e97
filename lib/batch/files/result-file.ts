import { CopyError, type StoreAnswer } from '../../copy/model/errors.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import type { CopyOptions } from '../../copy/model/request.ts';
import type { CopyResult, FidelityLoss, Transfer } from '../../copy/model/result.ts';
import { wayBetween } from '../../cost/transfer-prices.ts';
import type { Status, Tally } from '../model/tally.ts';
import { addRecords, noTally } from '../model/tally.ts';
import type { WorkFiles } from '../model/work-files.ts';
import { fileOf } from '../model/work-files.ts';
import type { PageEntry, PageHeader } from './page-file.ts';

/** Why an object failed, and what the store said. */
export interface LineError {
  code: string;
  message: string;
  store?: StoreAnswer;
}

/** What became of one object. Also a row of a manifest: a batch may read the results of another. */
export interface ResultLine {
  bucket: string;
  key: string;
  versionId?: string;
  /** Of the list, from 1; absent for a source that is not one file of lines. */
  line?: number;
  destination: { bucket: string; key: string };
  status: Status;
  /** Bytes; of the source where nothing was copied, as far as known. */
  size?: number;
  /** Of the destination. */
  etag?: string;
  way?: CopyResult['way'];
  /** Of the way `parts`. */
  parts?: number;
  /** `bytes`: both were read. */
  verifiedBy?: CopyResult['verifiedBy'] | 'bytes';
  /** The version that was written. */
  destinationVersionId?: string;
  lost?: FidelityLoss[];
  /** The regions that its bytes have crossed. */
  transfer?: Transfer;
  /** Of verify: what differs, or could not be compared. Of reconcile: what was found, repaired or not. */
  differences?: FidelityLoss[];
  /** Of a deep verify: bytes that were read, and by how many requests. */
  read?: { bytes: number; requests: number };
  error?: LineError;
  /** Of an object that was worked on: how long that took, waiting for its turn left out. */
  seconds?: number;
  /** Of a large object: the job that copied it. */
  job?: string;
  /** Of a replication rule: the destination that this is about, and why nothing was written. */
  rule?: string;
  why?: string;
  /** Of `repeated`, and of `failed` with RowConflict: the other row. */
  otherRow?: { line?: number; page: string; index: number };
  /** What the source asked for this object alone. */
  options?: Partial<CopyOptions>;
}

/** The first line of a file of results: its lines, added up. */
export interface ResultHeader extends Tally {
  page: string;
  /** The batch was stopped: objects without a line were not begun. */
  stopped?: true;
}

/**
 * @param calls those that were counted while the page was worked on.
 * @param looksAgain a rename HEADs its destination once more before the write.
 */
export function tallyLines(
  { rejected, passedOver }: PageHeader,
  lines: readonly ResultLine[],
  calls: Record<string, number>,
  looksAgain = false,
): Tally {
  const tally: Tally = { ...noTally, entries: lines.length, rejected, passedOver, calls };
  const counts: Tally['counts'] = {};
  const failures: Record<string, number> = {};
  // The page asked for them before an upload, so the store has such.
  const hasAnnotations = calls['ListObjectAnnotations'] !== undefined;
  for (const { status, size, error, way, parts, rule, lost = [], differences = [], read, transfer } of lines) {
    counts[status] = (counts[status] ?? 0) + 1;
    if (status === 'copied' || status === 'renamed') tally.bytes += size ?? 0;
    if (transfer) tally.transfers = addRecords(tally.transfers ?? {}, { [wayBetween(transfer)]: size ?? 0 });
    if (way === 'parts')
      tally.calls = addRecords(
        tally.calls,
        callsOfParts(status, parts ?? 0, { looksAgain, replicates: rule !== undefined, hasAnnotations }),
      );
    if (status === 'failed' && error) failures[error.code] = (failures[error.code] ?? 0) + 1;
    if (read) {
      tally.bytesRead = (tally.bytesRead ?? 0) + read.bytes;
      tally.calls = addRecords(tally.calls, { GetObject: read.requests });
    }
    if (lost.length > 0) tally.losses = addRecords(tally.losses, onceEach(lost));
    if (differences.length > 0) tally.differences = addRecords(tally.differences, onceEach(differences));
  }
  return { ...tally, counts, failures };
}

/**
 * What a large object's job asks of the store after its start, nothing going wrong: the parts, the ledger, the source and the
 * destination once more, for a rename the source before it is deleted, for a replica the source after it was written.
 */
function callsOfParts(
  status: Status,
  parts: number,
  { looksAgain, replicates, hasAnnotations }: { looksAgain: boolean; replicates: boolean; hasAnnotations: boolean },
): Record<string, number> {
  const calls = {
    UploadPartCopy: parts,
    ListParts: Math.ceil(parts / 1_000),
    CompleteMultipartUpload: 1,
    HeadObject: replicates ? 3 : 2,
  };
  if (status !== 'renamed') return calls;
  return {
    ...calls,
    HeadObject: looksAgain ? 4 : 3,
    DeleteObject: 1,
    // Those of the source once more, before it is deleted.
    ...(hasAnnotations && { ListObjectAnnotations: 1 }),
  };
}

function onceEach(losses: readonly FidelityLoss[]): Record<string, number> {
  return Object.fromEntries(losses.map(({ what }) => [what, 1]));
}

export function resultText(header: ResultHeader, lines: readonly ResultLine[]): string {
  return [header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Undefined while the page is not finished. */
export async function readResultHeader(
  files: WorkFiles,
  batch: string,
  page: string,
  options?: CallOptions,
): Promise<ResultHeader | undefined> {
  const line = await files.readHead(fileOf.result(batch, page), options);
  return line === undefined ? undefined : (JSON.parse(line) as ResultHeader);
}

/** The part of a line that is the same whatever became of the object. */
export function namesOf({
  bucket,
  key,
  versionId,
  line,
  destination,
  options,
  rule,
}: PageEntry): Pick<ResultLine, 'bucket' | 'key' | 'versionId' | 'line' | 'destination' | 'options' | 'rule'> {
  return {
    bucket,
    key,
    ...(versionId !== undefined && { versionId }),
    ...(line !== undefined && { line }),
    destination,
    ...(options && { options }),
    ...(rule && { rule: rule.route }),
  };
}

/** What a line says of a copy. */
export function resultFields({
  way,
  parts,
  size,
  etag,
  versionId,
  verifiedBy,
  lost,
  transfer,
}: CopyResult): Partial<ResultLine> {
  return {
    size,
    etag,
    way,
    ...(parts !== undefined && { parts }),
    verifiedBy,
    ...(versionId !== undefined && { destinationVersionId: versionId }),
    ...(lost.length > 0 && { lost }),
    ...(transfer && { transfer }),
  };
}

export function errorFields(error: unknown): LineError {
  if (!(error instanceof CopyError)) return { code: 'Unexpected', message: String(error) };
  const { code, message, answer } = error;
  return { code, message, ...(answer && { store: answer }) };
}
