import type { CallOptions } from '../copy/ports.ts';
import { fileOf, namesIn } from './files.ts';
import type { ResultLine } from './result-file.ts';
import { openBatch } from './row.ts';
import type { Rejected } from './sources/source.ts';
import type { BatchWorld } from './world.ts';

/**
 * What became of each object, of all pages that are finished. In memory is one page at a time.
 * @throws GiveUp NotFound; RetryLater.
 */
export async function* resultsOf(world: BatchWorld, id: string, options: CallOptions = {}): AsyncGenerator<ResultLine> {
  const { files } = await openBatch(world, id);
  for await (const page of namesIn(files, id, 'results', '', options)) {
    const text = await files.read(fileOf.result(id, page), options);
    const [, ...lines] = (text ?? '').split('\n');
    for (const line of lines) if (line !== '') yield JSON.parse(line) as ResultLine;
  }
}

/** The malformed rows of the source. @throws GiveUp NotFound; RetryLater. */
export async function* rejectedOf(world: BatchWorld, id: string, options: CallOptions = {}): AsyncGenerator<Rejected> {
  const { files } = await openBatch(world, id);
  for await (const page of namesIn(files, id, 'rejected', '', options)) {
    const text = await files.read(fileOf.rejected(id, page), options);
    for (const line of (text ?? '').split('\n')) if (line !== '') yield JSON.parse(line) as Rejected;
  }
}
