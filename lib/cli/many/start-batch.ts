/** A batch from its command line: `batch run`, `batch verify`, and `cp`, `mv` and `meta` where a list or an option of batches is given. */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BatchView } from '../../batch/index.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';
import { hasWildcard } from '../../keys/wildcard.ts';
import type { BatchFlags } from '../input/batch-options.ts';
import { formatUrl, parseUrl } from '../input/urls.ts';
import { batchLines } from '../output/batch.ts';
import { exit } from '../process/exit.ts';
import { printLine } from '../process/io.ts';
import { batchRequest, type BatchLine } from '../requests/batch-request.ts';
import { announce, dryRunMany, runBatch } from '../run/batch.ts';
import { meantBy } from '../find/pattern.ts';
import type { Session } from '../run/session.ts';
import { paintFor } from '../text/paint.ts';

/** Starts a batch and brings it to its end, or shows what it would do, or only starts it. Returns the exit code. */
export async function startBatch(
  session: Session,
  places: string[],
  flags: BatchFlags,
  verify: boolean,
): Promise<number> {
  const { createBatch } = await import('../../batch/index.ts');
  const { runtime } = session;
  const line = { ...(await placesMeant(session, places, flags)), flags, verify, addressOf: session.address };
  // Before anything is read from standard input.
  const checked = batchRequest(line);
  const request = flags.manifest === '-' ? batchRequest(line, await spool(session)) : checked;
  const empty = { allowEmpty: flags.allowEmpty, asked: request.source.kind === 'prefix' ? places[0] : undefined };
  if (flags.dryRun) return await dryRunMany(session, request, empty);
  const view = await createBatch(runtime.batches, request);
  if (flags.detach) return await show(session, view);
  announce(session, view);
  return await runBatch(session, view.id, empty);
}

/** Source and destination, with what the wildcards of the source mean. Names below a pattern's folder need a folder to go to. */
async function placesMeant(
  { client }: Session,
  places: string[],
  { manifest, inventory }: BatchFlags,
): Promise<Pick<BatchLine, 'places' | 'pattern'>> {
  const [source, destination] = places;
  if (source === undefined || manifest !== undefined || inventory !== undefined) return { places };
  const asked = parseUrl(source);
  if (!hasWildcard(asked.key)) return { places };
  const { url, pattern } = await meantBy(client(asked.scheme), asked, 'prefix');
  const folder = destination === undefined || !pattern || /\/$/.test(destination) ? destination : `${destination}/`;
  return { places: [formatUrl(url), ...(folder === undefined ? [] : [folder])], ...(pattern && { pattern }) };
}

/** A pipe cannot be read twice, and a batch must survive its process. */
async function spool({ config }: Session): Promise<string> {
  const folder = join(config.home, 'batches', 'manifests');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, randomUUID());
  await pipeline(process.stdin, createWriteStream(path, { mode: 0o600 }));
  return path;
}

/** All that is known of a batch. */
export async function show({ io, flags }: Session, view: BatchView): Promise<number> {
  const lines = flags.json ? [visibleJson(view)] : batchLines(view, io.stdout, paintFor(io.stdout, io.env));
  for (const line of lines) await printLine(io.stdout, line);
  return exit.done;
}
