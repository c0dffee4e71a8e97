import { Option, type Command } from 'commander';
import type { BatchRequest, Status } from '../../batch/index.ts';
import {
  addModeOptions,
  addControlOptions,
  addMappingOptions,
  addSourceOptions,
  addVerifyOptions,
  batchJson,
  type BatchFlags,
} from '../input/batch-options.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { collect, wholeNumber } from '../input/parse.ts';
import { batchTable, costText, tallyText } from '../output/batch.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { printLine, widthOf, type Io } from '../process/io.ts';
import { announce, runBatch } from '../run/batch.ts';
import { batchKeys } from '../many/batch-keys.ts';
import { resumeBatch } from '../many/resume.ts';
import type { KeyRules } from '../run/customer-keys.ts';
import { show, startBatch } from '../many/start-batch.ts';
import { withSession, type Session } from '../run/session.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';

type Flags = StoreFlags & OutputFlags;

const description = `Copies, moves or changes millions of objects from one request, in pages that survive a crash. A report says what became of each.

  ferry batch run oss://photos/2024/ oss://backup/2024/
  ferry batch run --manifest list.csv s3://backup/ --rename
  ferry batch run --inventory s3://inventories/data/manifest.json s3://archive/ --min-size 1MiB
  ferry batch run oss://photos/ --in-place --meta owner=ann`;

export const defineBatch: DefineCommand = (program, context) => {
  const batch = program.command('batch').description(description);
  const act = (
    flags: Flags,
    work: (session: Session) => Promise<number>,
    looks: boolean | 'stores' = false,
    keys?: KeyRules,
  ) => withSession(context.io, flags, work, { looks, keys }).then((code) => void (context.code = code));

  for (const verify of [false, true]) {
    const command = batch
      .command(verify ? 'verify' : 'run')
      .summary(verify ? 'compare source and destination, write nothing' : 'start a batch and wait for it')
      .description(
        verify
          ? 'Compares size, CRC-64, checksum or ETag, metadata and tags of source and destination, and says what it cannot decide. Exit code 3 when some differ or stay undecided.'
          : description,
      )
      .argument('[places...]', 'source and destination; only the destination with --manifest or --inventory');
    addMappingOptions(addSourceOptions(command));
    if (verify) addVerifyOptions(command);
    else addModeOptions(command);
    addControlOptions(command).action(async (places: string[], flags: BatchFlags) => {
      if (!verify) noteVerb(context.io, flags);
      const keys = batchKeys(context.io, places, flags);
      await act(flags, (session) => startBatch(session, places, flags, verify), flags.dryRun && 'stores', keys);
    });
  }

  const onOne = (name: string, summary: string, work: (session: Session, id: string) => Promise<number>): Command => {
    const command = batch.command(name).summary(summary).description(summary).argument('<id>', 'batch');
    addStoreOptions(addOutputOptions(command, batchJson)).action(async (id: string, flags: Flags) => {
      await act(flags, (session) => work(session, id));
    });
    return command;
  };
  onOne('pause', 'begin no further objects', async (session, id) => {
    const { pauseBatch } = await import('../../batch/index.ts');
    return await show(session, await pauseBatch(session.runtime.batches, id));
  });
  onOne('resume', 'go on with a batch that was paused or interrupted, to its end', resumeBatch);
  onOne('cancel', 'end a batch; what was copied stays', async (session, id) => {
    const { cancelBatch } = await import('../../batch/index.ts');
    await cancelBatch(session.runtime.batches, id);
    // Under way is only what is left to add up.
    return await runBatch(session, id).then(() => exit.done);
  });

  const status = batch
    .command('status')
    .summary('show batches')
    .argument('[id]', 'batch to show')
    .option('--limit <n>', 'at most this many', wholeNumber(1, 10_000), 20);
  addStoreOptions(addOutputOptions(status, batchJson)).action(
    async (id: string | undefined, flags: Flags & { limit: number }) => {
      await act(flags, (session) => showStatus(session, id, flags.limit), true);
    },
  );

  const retry = batch
    .command('retry')
    .summary('a new batch of what failed')
    .argument('<id>', 'batch that has ended')
    .option('--status <name>', 'objects that ended so (repeatable; default failed)', collect)
    .addOption(new Option('--mode <mode>', 'do this with them').choices(['copy', 'rename', 'metadata', 'verify']));
  addStoreOptions(addOutputOptions(retry, batchJson)).action(async (id: string, flags: RetryFlags) => {
    await act(flags, (session) => retryFailed(session, id, flags));
  });

  const report = batch
    .command('report')
    .summary('what became of each object, one JSON document a line')
    .argument('<id>', 'batch')
    .option('--status <name>', 'only objects that ended so (repeatable)', collect)
    .option('--rejected', 'the malformed rows of the list instead')
    // It is JSON anyway; scripts that pass the flag to every command may do so here.
    .addOption(new Option('--json').hideHelp());
  addStoreOptions(report).action(async (id: string, flags: ReportFlags) => {
    await act(flags, (session) => printReport(session, id, flags), true);
  });
};

/** The verb says what is done, and the source which objects. */
function noteVerb({ stderr }: Io, { rename, inPlace, quiet, json }: BatchFlags): void {
  if (quiet || json || !(rename || inPlace)) return;
  stderr.write(
    rename
      ? 'note: ferry mv does what batch run --rename does.\n'
      : 'note: ferry meta does what batch run --in-place does.\n',
  );
}

type RetryFlags = Flags & { status?: string[]; mode?: BatchRequest['mode'] };
type ReportFlags = StoreFlags & { status?: string[]; rejected?: boolean };

async function retryFailed(session: Session, id: string, flags: RetryFlags): Promise<number> {
  const { retryBatch } = await import('../../batch/index.ts');
  const statuses = flags.status as Status[] | undefined;
  const view = await retryBatch(session.runtime.batches, id, { statuses, mode: flags.mode });
  announce(session, view);
  return await runBatch(session, view.id);
}

async function showStatus(session: Session, id: string | undefined, limit: number): Promise<number> {
  const { listBatches, readBatch } = await import('../../batch/index.ts');
  const { io, flags, runtime, config } = session;
  if (id !== undefined) return await show(session, await readBatch(runtime.batches, id));
  const views = await listBatches(runtime.batches, { limit });
  if (flags.json) for (const view of views) await printLine(io.stdout, visibleJson(view));
  else
    for (const line of views.length > 0 ? batchTable(views, widthOf(io.stdout)) : [`no batches in ${config.home}`])
      await printLine(io.stdout, line);
  return exit.done;
}

async function printReport(session: Session, id: string, { status, rejected }: ReportFlags): Promise<number> {
  const batch = await import('../../batch/index.ts');
  const { io, runtime, say } = session;
  if (rejected) {
    for await (const row of batch.rejected(runtime.batches, id)) await printLine(io.stdout, visibleJson(row));
    return exit.done;
  }
  for await (const line of batch.results(runtime.batches, id)) {
    if (!status || status.includes(line.status)) await printLine(io.stdout, visibleJson(line));
  }
  const view = await batch.readBatch(runtime.batches, id);
  say(`batch ${id}: ${tallyText(view.counts)}; ${costText(view)}`);
  return exit.done;
}
