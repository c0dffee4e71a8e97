import { GiveUp } from '../../copy/model/errors.ts';
import { openSource } from '../../sources/open.ts';
import type { OpenSource, SourcePorts } from '../../sources/shared/source.ts';
import type { WorkFiles } from '../model/work-files.ts';
import { namesIn, fileOf } from '../model/work-files.ts';
import type { BatchWorld } from '../model/world.ts';
import { withinAreas } from '../request/allowed-keys.ts';
import { workPlaceOf } from '../request/check.ts';
import { parseEntryOptions } from '../request/entry-options.ts';
import type { BatchRequest } from '../request/request.ts';
import type { Batch } from '../rows/batch-row.ts';
import { findBatch } from '../rows/batch-row.ts';
import { openSync } from '../sync/open.ts';
import { ruleBatchOf } from './rule-entry.ts';

/** Opens what a batch reads. */
export async function openSourceOf(
  world: BatchWorld,
  { request, ...kept }: { request: BatchRequest } & Partial<Pick<Batch, 'id' | 'files'>>,
): Promise<OpenSource> {
  const { id, files } = kept;
  const its = ruleBatchOf(world, request, id !== undefined && files ? { id, files } : undefined);
  if (its) return await its.work.open(its.batch, world.sources(request.store).list);
  if (request.sync) return openSync(request, withinAreas(world.sources(request.store), request).list);
  const ports: SourcePorts = {
    ...withinAreas(world.sources(request.store), request),
    scheme: request.store.scheme,
    parseOptions: parseEntryOptions,
    results: (id) => ({
      names: async function* () {
        const { files, isKnown } = await resultsOf(world, request, id);
        let count = 0;
        for await (const page of namesIn(files, id, 'results')) {
          count += 1;
          yield page;
        }
        if (count > 0 || isKnown) return;
        throw new GiveUp('NotFound', `There is no batch ${id}, and no results of one.`);
      },
      read: async (page) => await (await resultsOf(world, request, id)).files.read(fileOf.result(id, page)),
    }),
  };
  return openSource(request.source, ports);
}

/** The row of the other batch may have expired; its files may be where this one keeps its own. */
async function resultsOf(
  world: BatchWorld,
  request: BatchRequest,
  id: string,
): Promise<{ files: WorkFiles; isKnown: boolean }> {
  const batch = await findBatch(world, id);
  return { files: batch?.files ?? world.files(workPlaceOf(world, request)), isKnown: batch !== undefined };
}
