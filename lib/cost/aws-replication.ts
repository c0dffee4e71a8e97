/** What replication on AWS takes: calls as the engine makes them, times the price lists. */
import type { StoreFacts } from '../copy/model/store-facts.ts';
import type { Settings } from '../copy/model/settings.ts';
import { defaultSettings } from '../copy/model/settings.ts';
import { partCount, partsPerTask, plan } from '../copy/plan/plan.ts';
import { awsPrices, type PlatformPrices } from './aws-prices.ts';
import { estimate, prices } from './request-prices.ts';

export interface Workload {
  objects: number;
  /** Bytes of each. */
  size: number;
}

/** What is not counted but assumed; measure yours and say so. */
export interface Assumptions {
  /** Memory of a function, GB; `serverless.ts` says 0.5. */
  memoryGb: number;
  /** Events in one invocation: 10 when there is a queue of them, less when they trickle. */
  eventsPerInvocation: number;
  /** From the first to the last answer of S3 for one such invocation. */
  smallSeconds: number;
  /** Of one UploadPartCopy while others run beside it. */
  partBytesPerSecond: number;
  /** Of one write of a job's row: it has up to 2 KB, and two indexes hold a copy of it, of which one is moved. */
  unitsPerWrite: number;
}

export const assumed: Assumptions = {
  memoryGb: 0.5,
  eventsPerInvocation: 10,
  smallSeconds: 0.5,
  partBytesPerSecond: 80_000_000,
  unitsPerWrite: 8,
};

/** Of the whole workload. Fractions are what several objects share. */
export interface Usage {
  /** Requests to the store, by operation. */
  calls: Record<string, number>;
  queueRequests: number;
  invocations: number;
  gbSeconds: number;
  tableWrites: number;
  tableReads: number;
}

/** Events of S3, a part task for each of `partsPerTask`, and one finish. */
interface Tasks {
  parts: number;
  /** Parts in the fullest one. */
  each: number;
  /** Bytes of the largest part. */
  partSize: number;
}

/**
 * Replication by event into another bucket, nothing going wrong. A test counts the same on a server.
 * @param facts the limits of S3, which decide what is copied by parts.
 * @throws GiveUp for a size that S3 cannot hold.
 */
export function usageOf(
  { objects, size }: Workload,
  facts: StoreFacts,
  settings: Settings = defaultSettings,
  assumptions: Assumptions = assumed,
): Usage {
  const planned = plan({ size, sameBucket: false, rewrite: false, facts, settings });
  const { eventsPerInvocation, smallSeconds, memoryGb } = assumptions;
  const invocations = 1 / eventsPerInvocation;
  // S3 sends each event by itself; Lambda receives and deletes what one invocation takes in a request each.
  const event: Usage = {
    calls: { CopyObject: 1, HeadObject: 1 },
    queueRequests: 1 + 2 * invocations,
    invocations,
    gbSeconds: invocations * smallSeconds * memoryGb,
    tableWrites: 0,
    tableReads: 0,
  };
  if (planned.way === 'direct') return times(event, objects);
  const count = partCount(planned.parts);
  const each = partsPerTask(count, settings);
  const partSize = Math.max(...planned.parts.map((run) => run.size));
  return times(large(event, count, { parts: Math.ceil(count / each), each, partSize }, assumptions), objects);
}

/** Parts of one task are copied side by side, so a task takes as long as one part. */
function large(event: Usage, count: number, tasks: Tasks, { memoryGb, partBytesPerSecond }: Assumptions): Usage {
  const sends = Math.ceil(tasks.parts / 10) + 1;
  const partSeconds = tasks.partSize / partBytesPerSecond;
  return {
    calls: {
      HeadObject: 4,
      ListObjectAnnotations: 1,
      InitiateMultipartUpload: 1,
      UploadPartCopy: count,
      ListParts: Math.ceil(count / 1_000),
      CompleteMultipartUpload: 1,
    },
    queueRequests: event.queueRequests + sends + 2 * (tasks.parts + 1),
    invocations: event.invocations + tasks.parts + 1,
    gbSeconds: event.gbSeconds + (tasks.parts * partSeconds + 1) * memoryGb,
    // Created, upload attached, leased, done; and each task's count.
    tableWrites: 4 + tasks.parts,
    // Each task reads the row, and so does the finish.
    tableReads: tasks.parts + 1,
  };
}

function times(usage: Usage, objects: number): Usage {
  const { calls, ...rest } = usage;
  const scale = <Counts extends Record<string, number>>(counts: Counts): Counts =>
    Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count * objects])) as Counts;
  return { calls: scale(calls), ...scale({ ...rest }) };
}

/** In USD, by who charges it. */
export interface Cost {
  s3: number;
  sqs: number;
  lambda: number;
  dynamodb: number;
  total: number;
}

export function costOf(
  usage: Usage,
  { storageClass = 'STANDARD', platform = awsPrices }: { storageClass?: string; platform?: PlatformPrices } = {},
  { unitsPerWrite }: Assumptions = assumed,
): Cost {
  const bill = {
    s3: estimate(prices.s3, usage.calls, storageClass),
    sqs: usage.queueRequests * platform.queueRequest,
    lambda: usage.invocations * platform.invocation + usage.gbSeconds * platform.gbSecond,
    dynamodb: usage.tableWrites * unitsPerWrite * platform.tableWriteUnit + usage.tableReads * platform.tableReadUnit,
  };
  return { ...bill, total: bill.s3 + bill.sqs + bill.lambda + bill.dynamodb };
}
