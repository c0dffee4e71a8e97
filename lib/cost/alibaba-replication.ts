/** What replication on Alibaba Cloud takes: calls as the engine makes them, times the price lists. */
import type { StoreFacts } from '../copy/model/store-facts.ts';
import type { Settings } from '../copy/model/settings.ts';
import { defaultSettings } from '../copy/model/settings.ts';
import { partCount, partsPerTask, plan } from '../copy/plan/plan.ts';
import { alibabaPrices, type AlibabaPrices } from './alibaba-prices.ts';
import type { Workload } from './aws-replication.ts';
import { estimate, prices } from './request-prices.ts';

/** What is not counted but assumed; measure yours and say so. */
export interface AlibabaAssumptions {
  /** Of an instance, as `alibaba.ts` asks for it. */
  vcpu: number;
  memoryGb: number;
  /** That an instance has at one time, as long as there is enough to do. */
  invocationsPerInstance: number;
  /** From the first to the last answer of OSS for one event. */
  eventSeconds: number;
  /** Of one UploadPartCopy while others run beside it. */
  partBytesPerSecond: number;
  /** Of one write of a job's row: itself, and the entry that moves in the index of what is due, removed and written. */
  unitsPerWrite: number;
}

export const assumedOnAlibaba: AlibabaAssumptions = {
  vcpu: 0.5,
  memoryGb: 0.5,
  invocationsPerInstance: 8,
  eventSeconds: 0.1,
  partBytesPerSecond: 80_000_000,
  unitsPerWrite: 3,
};

/** Of the whole workload. Fractions are what several objects share. */
export interface AlibabaUsage {
  /** Requests to OSS, by operation; without the one that asks for a bucket's region, once an instance. */
  calls: Record<string, number>;
  invocations: number;
  /** Of instances. */
  seconds: number;
  tableWrites: number;
  tableReads: number;
}

/**
 * Replication by event into another bucket, nothing going wrong. A test counts the same on a server.
 * @param facts the limits of OSS, which decide what is copied by parts.
 * @throws GiveUp for a size that OSS cannot hold.
 */
export function usageOnAlibaba(
  { objects, size }: Workload,
  facts: StoreFacts,
  settings: Settings = defaultSettings,
  assumptions: AlibabaAssumptions = assumedOnAlibaba,
): AlibabaUsage {
  const { eventSeconds, invocationsPerInstance, partBytesPerSecond } = assumptions;
  const planned = plan({ size, sameBucket: false, rewrite: false, facts, settings });
  // Each event, and each task, is an invocation of its own.
  const seconds = eventSeconds / invocationsPerInstance;
  if (planned.way === 'direct') {
    const calls = { CopyObject: objects, HeadObject: objects };
    return { calls, invocations: objects, seconds: seconds * objects, tableWrites: 0, tableReads: 0 };
  }
  const count = partCount(planned.parts);
  const tasks = Math.ceil(count / partsPerTask(count, settings));
  const partSeconds = Math.max(...planned.parts.map((run) => run.size)) / partBytesPerSecond;
  const calls = {
    HeadObject: 4,
    InitiateMultipartUpload: 1,
    UploadPartCopy: count,
    ListParts: Math.ceil(count / 1_000),
    CompleteMultipartUpload: 1,
  };
  return {
    calls: Object.fromEntries(Object.entries(calls).map(([name, each]) => [name, each * objects])),
    invocations: (1 + tasks + 1) * objects,
    // The parts of one task are copied side by side, so a task takes as long as one part; the finish takes a second.
    seconds: (seconds + (tasks * partSeconds + 1) / invocationsPerInstance) * objects,
    // Created, upload attached, leased, done; and each task's count.
    tableWrites: (4 + tasks) * objects,
    // Each task reads the row, and so does the finish.
    tableReads: (tasks + 1) * objects,
  };
}

/** In the currency of the list, by who charges it. */
export interface AlibabaCost {
  oss: number;
  functionCompute: number;
  tablestore: number;
  total: number;
}

export function costOnAlibaba(
  usage: AlibabaUsage,
  { storageClass = 'STANDARD', platform = alibabaPrices }: { storageClass?: string; platform?: AlibabaPrices } = {},
  { vcpu, memoryGb, unitsPerWrite }: AlibabaAssumptions = assumedOnAlibaba,
): AlibabaCost {
  const { units, computeUnit, tableWriteUnit, tableReadUnit } = platform;
  const perSecond = vcpu * units.vcpuSecond + memoryGb * units.gbSecond;
  const bill = {
    oss: estimate(prices.oss, usage.calls, storageClass),
    functionCompute: (usage.invocations * units.invocation + usage.seconds * perSecond) * computeUnit,
    tablestore: usage.tableWrites * unitsPerWrite * tableWriteUnit + usage.tableReads * tableReadUnit,
  };
  return { ...bill, total: bill.oss + bill.functionCompute + bill.tablestore };
}
