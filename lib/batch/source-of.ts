import type { BatchRequest } from './request.ts';
import { namesIn, fileOf } from './files.ts';
import { workPlaceOf } from './check.ts';
import { parseEntryOptions } from './entry-options.ts';
import { findBatch } from './row.ts';
import { openSource } from './sources/open.ts';
import type { OpenSource, SourcePorts } from './sources/source.ts';
import type { BatchWorld } from './world.ts';

/** Opens what a batch reads. */
export function openSourceOf(world: BatchWorld, { request }: { request: BatchRequest }): OpenSource {
  const ports: SourcePorts = {
    ...world.sources(request.store),
    parseOptions: parseEntryOptions,
    results: (id) => ({
      names: async function* () {
        const other = await resultsOf(world, request, id);
        yield* namesIn(other, id, 'results');
      },
      read: async (page) => await (await resultsOf(world, request, id)).read(fileOf.result(id, page)),
    }),
  };
  return openSource(request.source, ports);
}

/** The row of the other batch may have expired; its files may be where this one keeps its own. */
async function resultsOf(world: BatchWorld, request: BatchRequest, id: string) {
  return (await findBatch(world, id))?.files ?? world.files(workPlaceOf(world, request));
}
