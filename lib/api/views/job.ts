/** What answers hold. */
import * as z from 'zod';
import type { Job } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import { partCount } from '../../copy/plan/plan.ts';
import type { Stores } from '../callers/object-url.ts';
import { urlOf } from '../callers/object-url.ts';
import { isPrefixRename, readProgress } from './prefix-rename.ts';

/** Something that was not kept, or that differs. */
export const lossView = z.object({
  what: z.string().meta({
    description:
      '`tags`, `acl`, `storage-class`, `encryption`, `etag`, `content:NAME`, `metadata:NAME`, `website-redirect`, `object-lock`, `legal-hold`, `checksum`, or a header of the store.',
  }),
  wanted: z.string().optional(),
  got: z.string().optional(),
  why: z.string().optional(),
});

const resultView = z
  .object({
    way: z.enum(['direct', 'parts', 'unchanged', 'attributes-only']),
    size: z.int().meta({ description: 'Bytes.' }),
    etag: z.string(),
    versionId: z.string().optional(),
    parts: z.int().optional(),
    verifiedBy: z.enum(['crc64', 'checksum', 'etag', 'part-etags', 'size', 'store']),
    lost: z.array(lossView).meta({ description: 'What could not be kept; empty when all was.' }),
    notKept: z
      .array(z.string())
      .optional()
      .meta({ description: 'What a copy leaves out unless asked to carry it: `acl`.' }),
    transfer: z
      .object({ from: z.string(), to: z.string() })
      .optional()
      .meta({ description: 'The regions that the bytes have crossed.' }),
    sourceRemoved: z.boolean().optional(),
  })
  .meta({ id: 'CopyResult' });

export const jobView = z
  .object({
    id: z.string(),
    mode: z.enum(['copy', 'replicate', 'rename', 'metadata']),
    state: z.enum(['planned', 'copying', 'finishing', 'done', 'failed', 'superseded', 'cancelled']),
    source: z.string(),
    sourceVersionId: z.string().optional(),
    destination: z.string(),
    progress: z
      .object({
        partsPlanned: z.int().optional(),
        partsCopied: z.int().optional(),
        objectsDone: z.int().optional(),
        objectsFailed: z.int().optional(),
      })
      .meta({ description: 'Parts of a large object, or objects under a prefix; empty for a single call.' }),
    result: resultView.optional(),
    reason: z
      .object({ code: z.string(), message: z.string() })
      .optional()
      .meta({ description: 'Why it did not succeed.' }),
    restoringSince: z.iso
      .datetime()
      .optional()
      .meta({ description: 'The source is archived; since when its restore is waited for.' }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    self: z.string().meta({ description: 'Path of this job.' }),
  })
  .meta({ id: 'Job' });

export type JobView = z.output<typeof jobView>;

export const jobListView = z
  .object({
    jobs: z.array(jobView),
    next: z.string().optional().meta({ description: 'Cursor of the next page; absent on the last.' }),
  })
  .meta({
    id: 'JobList',
    description: 'Newest first. A page may hold fewer jobs than asked for and still have a next one.',
  });

export const partListView = z
  .object({
    size: z.int().optional().meta({ description: 'Bytes of the object.' }),
    parts: z.array(
      z.object({
        number: z.int(),
        first: z.int().meta({ description: 'First byte.' }),
        last: z.int().meta({ description: 'Last byte, inclusive.' }),
        copied: z.boolean(),
      }),
    ),
    next: z.int().optional().meta({ description: 'Value of `after` for the next page; absent on the last.' }),
  })
  .meta({ id: 'PartList' });

export const problemView = z
  .object({
    type: z.string().meta({ description: 'Path of the description of this kind of problem.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string().optional().meta({ description: 'Stable word for machines, from the copy engine.' }),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    store: z
      .object({
        operation: z.string(),
        status: z.int().optional(),
        code: z.string().optional(),
        ec: z.string().optional(),
        requestId: z.string().optional(),
      })
      .optional()
      .meta({ description: 'What the store answered.' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details.' });

/** The collection a job is found under. */
export function pathOf(job: Pick<Job, 'id' | 'mode' | 'batch' | 'labels'>): string {
  if (job.batch !== undefined && !isPrefixRename(job)) return `/v1/batches/${job.id}`;
  const collection = job.mode === 'rename' ? 'renames' : job.mode === 'metadata' ? 'metadata' : 'copies';
  return `/v1/${collection}/${job.id}`;
}

/** A job as callers see it: no labels, no upload id, nothing of other callers. */
export function viewJob(job: Job, stores: Stores): JobView {
  return {
    id: job.id,
    mode: job.mode,
    state: job.state,
    source: urlOf(job.store, job.source, stores),
    sourceVersionId: job.source.versionId,
    destination: urlOf(job.store, job.destination, stores),
    progress: progressOf(job),
    result: job.result,
    reason: job.reason,
    ...(!isFinal(job.state) &&
      job.restoringSince !== undefined && { restoringSince: new Date(job.restoringSince).toISOString() }),
    createdAt: new Date(job.createdAt).toISOString(),
    updatedAt: new Date(job.updatedAt).toISOString(),
    self: pathOf(job),
  };
}

function progressOf(job: Job): JobView['progress'] {
  const prefix = readProgress(job);
  if (prefix) return { objectsDone: prefix.moved, objectsFailed: prefix.failed };
  if (!job.parts) return {};
  const planned = partCount(job.parts);
  if (job.state === 'done') return { partsPlanned: planned, partsCopied: planned };
  // Redelivered tasks are counted twice, so the counter may pass the plan.
  const counted = job.partsDone - (job.partsBase ?? 0);
  return { partsPlanned: planned, partsCopied: Math.max(0, Math.min(planned, counted)) };
}
