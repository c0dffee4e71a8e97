/** What requests about batches may hold. */
import * as z from 'zod';
import { statuses } from '../../batch/model/tally.ts';
import { mappingSchema } from '../../batch/request/mapping-schema.ts';
import { slowestRate } from '../../batch/request/request.ts';
import { filtersSchema } from '../../keys/filters.ts';
import { manifestColumns, manifestFormats } from '../../sources/shared/source.ts';
import { callback, copyOptions, cursor, limit, objectUrl, prefixUrl, requestPayer } from '../jobs/schemas.ts';

const onBad = z
  .enum(['skip', 'fail'])
  .optional()
  .meta({ description: 'A malformed row is reported and skipped (default), or ends the batch.' });
const encoding = z
  .enum(['plain', 'url', 'form'])
  .optional()
  .meta({ description: 'How keys are written in the list: as they are; with %xx; with %xx and + for a space.' });
const bucket = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$/, 'must be the name of a bucket');
const batchId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be the id of a batch');

const source = z
  .union([
    z.strictObject({ prefix: prefixUrl }),
    z.strictObject({
      manifest: objectUrl,
      format: z
        .enum(manifestFormats)
        .optional()
        .meta({ description: 'By the name of the object when absent, else by its first line.' }),
      bucket: bucket.optional().meta({ description: 'For rows that name no bucket.' }),
      columns: z
        .array(z.enum([...manifestColumns, '']))
        .max(64)
        .optional()
        .meta({ description: 'CSV or TSV without a header row: what its columns are; empty for one to ignore.' }),
      header: z.boolean().optional().meta({ description: 'CSV: whether the first row is a header.' }),
      encoding,
      onBad,
    }),
    z.strictObject({
      inventory: objectUrl.meta({ description: 'The manifest.json of an S3 or OSS inventory.' }),
      versions: z.enum(['latest', 'all']).optional(),
      encoding,
      onBad,
    }),
    z.strictObject({
      batch: batchId.meta({ description: 'Objects of an earlier batch, and where they were to go.' }),
      statuses: z.array(z.enum(statuses)).min(1).optional().meta({ description: 'Default: those that failed.' }),
    }),
  ])
  .meta({ description: 'Everything under a prefix, a list that lies in the store, or what became of a batch.' });

/**
 * Each multiplies the ways in which a key can be tried, and any writer of the bucket chooses keys. Every key is tried with every
 * glob, so their number counts as well.
 */
const mostChoices = 3;
const mostChoicesTogether = 12;
const mostInList = 100;
const longestInList = 1024;
const globMessage = `may have ${mostChoices} of * and {a,b} each, ${mostChoicesTogether} together, and no parentheses, | or repetition`;
const listMessage = `may hold ${mostInList} texts of ${longestInList} characters`;

/** What is wrong with a list of globs, prefixes or suffixes; undefined when nothing is. */
function listProblem(field: 'glob' | 'prefix' | 'suffix', texts: readonly string[]): string | undefined {
  if (texts.length > mostInList || texts.some((text) => text.length > longestInList)) return listMessage;
  if (field !== 'glob') return undefined;
  const choices = texts.map((glob) => (glob.match(/\*+|\{/g) ?? []).length);
  const isTooMuch = choices.some((count) => count > mostChoices) || sum(choices) > mostChoicesTogether;
  return isTooMuch || texts.some((glob) => /[()|]|[\]}]\+/.test(glob)) ? globMessage : undefined;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const rate = z.number().min(slowestRate).max(1_000_000).optional();

export const batchBody = z
  .strictObject({
    mode: z.enum(['copy', 'rename', 'metadata', 'verify']).optional().meta({
      description: 'Default `copy`, or that of the earlier batch. `verify` compares and writes nothing.',
    }),
    source,
    destination: prefixUrl.optional().meta({
      description:
        "Bucket and prefix. The prefix takes the place of the source's; with `mapping` there is only a bucket, and a slash.",
    }),
    mapping: mappingSchema.optional(),
    filters: filtersSchema.optional(),
    options: copyOptions.optional(),
    requestPayer,
    deep: z.boolean().optional().meta({
      description:
        'Of `verify`: where what the stores tell does not decide whether the bytes are equal, read both objects. Their bytes pass through the worker.',
    }),
    compareAcl: z.boolean().optional().meta({ description: 'Of `verify`: compare the ACLs too.' }),
    onlyListed: z.boolean().optional().meta({ description: 'Copy the version that the source named, or nothing.' }),
    limits: z
      .strictObject({ requestsPerSecond: rate, prefixRequestsPerSecond: rate })
      .optional()
      .meta({ description: 'Over all workers: of this batch; of all your batches with this destination.' }),
    priority: z.int().min(-1000).max(1000).optional(),
    pageSize: z.int().min(1).max(5000).optional(),
    concurrency: z.int().min(1).max(256).optional().meta({ description: 'Objects of one page at work at once.' }),
    callback,
  })
  .superRefine(({ source, destination, mapping, filters, mode, deep, compareAcl }, context) => {
    const verifies = mode === 'verify' || (mode === undefined && 'batch' in source);
    for (const [name, value] of Object.entries({ deep, compareAcl })) {
      if (value && !verifies)
        context.addIssue({
          code: 'custom',
          path: [name],
          message: 'is for mode `verify`: other modes compare nothing',
        });
    }
    if ('batch' in source && (destination !== undefined || mapping !== undefined)) {
      const message = 'takes no destination and no mapping: where each object goes stands in the results of that batch';
      context.addIssue({ code: 'custom', path: ['source', 'batch'], message });
    }
    for (const field of ['glob', 'prefix', 'suffix'] as const) {
      const message = listProblem(field, filters?.[field] ?? []);
      if (message !== undefined) context.addIssue({ code: 'custom', path: ['filters', field], message });
    }
  })
  .meta({ id: 'BatchRequest' });

export type BatchBody = z.output<typeof batchBody>;

export const batchListQuery = z.strictObject({
  state: z.enum(['planned', 'copying', 'finishing', 'done', 'failed', 'cancelled']).optional(),
  limit,
  cursor,
});

export const batchResultsQuery = z.strictObject({
  status: z.enum(statuses).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  cursor: z
    .string()
    .regex(/^[0-9.]{1,512}-[0-9]{1,12}:[0-9]{1,9}$/, 'must be from `next` of the page before')
    .optional()
    .meta({ description: 'From `next` of the page before.' }),
});
