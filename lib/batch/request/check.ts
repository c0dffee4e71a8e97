import * as z from 'zod';
import { GiveUp } from '../../copy/model/errors.ts';
import type { Mode } from '../../copy/model/request.ts';
import { isAccessPoint } from '../../copy/plan/access-point.ts';
import { checkBucket, checkRequest } from '../../copy/plan/check-request.ts';
import { choiceSchema } from '../../keys/choice.ts';
import { listFiltersSchema } from '../../keys/filters.ts';
import { sourceSchema } from '../../sources/shared/source.ts';
import { isRuleMode } from '../model/rule.ts';
import type { WorkPlace } from '../model/work-files.ts';
import type { BatchWorld } from '../model/world.ts';
import { mappingSchema } from './mapping.ts';
import { refuseOverlap } from './sync-places.ts';
import type { BatchInput, BatchMode, BatchRequest } from './request.ts';
import { slowestRate } from './request.ts';

/** It stands in the batch's row, which has to stay small. */
const requestCharsMax = 32_768;

const writtenSchema = z.object({
  source: sourceSchema,
  mapping: mappingSchema.optional(),
  filters: listFiltersSchema.optional(),
  choice: choiceSchema.optional(),
});

/** The request with every default filled in, as it is kept. @throws GiveUp BadRequest that names every problem by its place. */
export function readRequest(input: BatchInput): BatchRequest {
  const read = writtenSchema.safeParse(input);
  if (!read.success) throw bad(`The batch cannot be understood:\n${z.prettifyError(read.error)}`);
  // As the row will give it back: without what is undefined.
  return JSON.parse(JSON.stringify({ ...input, ...read.data })) as BatchRequest;
}

/**
 * Refuses what can be refused without asking the store.
 * @throws GiveUp BadRequest.
 */
export function checkBatch(world: BatchWorld, request: BatchRequest): void {
  const {
    mode,
    store,
    destination,
    mapping,
    options,
    limits = {},
    priority = 0,
    pageSize = 1,
    concurrency = 1,
    objectsAtOnce = 1,
  } = request;
  whole('pageSize', pageSize, 1, 5_000);
  whole('concurrency', concurrency, 1, 256);
  whole('objectsAtOnce', objectsAtOnce, 1, 1_000);
  whole('priority', priority, -1_000, 1_000);
  for (const [name, rate] of Object.entries(limits) as [string, number | undefined][]) {
    if (rate !== undefined && !(rate >= slowestRate))
      throw bad(`limits.${name} must be at least ${slowestRate} requests a second, got ${rate}.`);
  }
  if (mode === 'metadata' && (destination || mapping)) {
    throw bad('A metadata change writes each object where it is; it takes no destination and no mapping.');
  }
  if (isRuleMode(mode) && !(request.rule && world.byRule)) {
    throw bad(
      `A batch of mode ${mode} goes by a replication rule, and there is none here; start it with the ferry command.`,
    );
  }
  if ((mode === 'sync') !== (request.sync !== undefined))
    throw bad('mode sync and the request `sync` belong together.');
  refuseIntoItself(request);
  refuseOverlap(request);
  const { facts } = world.store(store);
  for (const bucket of [request.source.kind === 'prefix' ? request.source.bucket : undefined, destination?.bucket])
    if (bucket !== undefined) checkBucket(bucket, facts);
  if (JSON.stringify(request).length > requestCharsMax) {
    throw bad(`The request is longer than ${requestCharsMax} characters; name the objects in a manifest.`);
  }
  const [here, there] = [
    { bucket: 'b', key: 'a' },
    { bucket: 'b', key: mode === 'metadata' ? 'a' : 'c' },
  ];
  const one = { mode: copyModeOf(mode), store, source: here, destination: there, options };
  checkRequest(one, facts);
}

/** Behind an access point may be the bucket of the source: the copies would be found again, and copied again. */
function refuseIntoItself({ mode, source, destination, mapping }: BatchRequest): void {
  if (mode === 'verify' || source.kind !== 'prefix' || !destination) return;
  const { bucket, prefix = '' } = source;
  const [from, to] = [bucket, destination.bucket];
  const grows = mapping !== undefined && (mapping.kind !== 'prefix' || mapping.to.startsWith(prefix));
  if (from === to || !grows || !(isAccessPoint(from) || isAccessPoint(to))) return;
  throw bad(
    `${from} and ${to} may be one bucket, for an access point is another name of its bucket, and the copies may lie inside what is ` +
      'copied. Name the bucket itself, or a destination outside the source prefix.',
  );
}

/** How each object of a batch is copied, if it is. */
export function copyModeOf(mode: BatchMode): Mode {
  if (mode === 'verify') return 'copy';
  if (mode === 'sync') return 'copy';
  return isRuleMode(mode) ? 'replicate' : mode;
}

/** Where the batch is kept. @throws GiveUp BadRequest when neither the request nor the runtime names a place. */
export function workPlaceOf(world: BatchWorld, { work }: Pick<BatchRequest, 'work'>): WorkPlace {
  const place = work ?? world.workPlace;
  if (place) return place;
  throw bad(
    'Nothing says where the pages and the report of the batch are to be kept: name a bucket and a prefix, or set the work folder of the installation (FERRY_WORK).',
  );
}

function whole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw bad(`${name} must be a whole number from ${least} to ${most}, got ${value}.`);
}

function bad(message: string): GiveUp {
  return new GiveUp('BadRequest', message);
}
