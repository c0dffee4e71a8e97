import type { ObjectRef } from '../../copy/model/object.ts';
import { changesAnything, metaOptions } from '../requests/copy-request.ts';
import {
  addLossOption,
  addManyOptions,
  addOutputOptions,
  addOwnKeyOption,
  addRunOptions,
  addStoreOptions,
  addWriteOptions,
  type MetaFlags,
} from '../input/options.ts';
import { collect, collectMeta } from '../input/parse.ts';
import { choiceOf, objectFilters } from '../input/selection.ts';
import { parseObjectUrl, parsePrefix } from '../input/urls.ts';
import { addListOptions, addPaceOptions } from '../input/batch-options.ts';
import { batchKeys } from '../many/batch-keys.ts';
import { startBatch } from '../many/start-batch.ts';
import { asBatch, batchOptionsIn, type ManyAsBatchFlags } from '../requests/many-as-batch.ts';
import type { DefineCommand } from '../process/context.ts';
import { UsageError } from '../process/exit.ts';
import type { Io } from '../process/io.ts';
import { areaOf, ownKeys } from '../run/customer-keys.ts';
import { dryRunObject } from '../run/dry-run.ts';
import { runMany } from '../run/many.ts';
import { copyObject } from '../run/object.ts';
import { meantBy, type Meant } from '../find/pattern.ts';
import { withSession, type Session } from '../run/session.ts';
import { showObject } from '../run/show-object.ts';

export const defineMeta: DefineCommand = (program, context) => {
  const command = program
    .command('meta')
    .description(
      'Changes metadata, headers, tags or class of an object, or with --recursive of everything below a prefix, where it is; with nothing to change, shows them.',
    )
    .argument('[url]', 'oss://bucket/key or s3://bucket/key; none with --manifest or --inventory')
    .optionsGroup('Metadata:')
    .option('--set <name=value>', 'set user metadata, keep the rest (repeatable)', collectMeta)
    .option('--remove <name>', 'drop user metadata (repeatable)', collect)
    .option('--replace', 'start from nothing: what is not set here is dropped')
    .option('--version-id <id>', 'this version (to show only)');
  addManyOptions(command);
  addListOptions(addPaceOptions(addOwnKeyOption(addLossOption(addRunOptions(addWriteOptions(command))))));
  addStoreOptions(addOutputOptions(command)).action(
    async (url: string | undefined, flags: MetaFlags & ManyAsBatchFlags) => {
      context.code = await (batchOptionsIn(flags).length > 0 ? metaAsBatch : meta)(context.io, url, flags);
    },
  );
};

async function metaAsBatch(io: Io, url: string | undefined, flags: MetaFlags & ManyAsBatchFlags): Promise<number> {
  if (!changesAnything(metaOptions('s3', { ...flags, sse: undefined, sseKeyId: undefined })) && flags.sse === undefined)
    throw new UsageError('a list stands for many objects: say what to change, such as --set owner=ann.');
  const batch = asBatch('metadata', url === undefined ? [] : [url], flags);
  return await withSession(io, flags, (session) => startBatch(session, batch.places, batch.flags, false), {
    looks: flags.dryRun && 'stores',
    keys: batchKeys(io, batch.places, batch.flags),
  });
}

async function meta(io: Io, text: string | undefined, flags: MetaFlags): Promise<number> {
  if (text === undefined) throw new UsageError('name an object, such as s3://bucket/key.');
  if (flags.recursive) return await metaOfMany(io, text, flags);
  const asked = parseObjectUrl(text);
  const { scheme } = asked;
  const options = metaOptions(scheme, flags);
  const changes = changesAnything(options);
  if (changes && flags.versionId !== undefined) {
    throw new UsageError(
      'an old version cannot be changed in place: leave --version-id out, or copy that version with ferry cp.',
    );
  }
  const run = async (session: Session): Promise<number> => {
    const { url, pattern } = await meantBy(session.client(scheme), asked, 'object', flags.versionId);
    if (pattern) return await changeMany(session, { url, pattern }, text, flags);
    const { bucket, key } = url;
    const object: ObjectRef = { bucket, key, ...(flags.versionId === undefined ? {} : { versionId: flags.versionId }) };
    if (!changes) return showObject(session, scheme, object);
    const request = {
      mode: 'metadata' as const,
      store: session.address(scheme),
      source: object,
      destination: object,
      options,
    };
    return flags.dryRun ? dryRunObject(session, request) : copyObject(session, request);
  };
  const keys = ownKeys(io, flags, scheme, areaOf(asked));
  return withSession(io, flags, run, { looks: (flags.dryRun || !changes) && 'stores', keys });
}

async function metaOfMany(io: Io, text: string, flags: MetaFlags): Promise<number> {
  const { scheme, ...source } = parsePrefix(text);
  const options = metaOptions(scheme, flags);
  if (!changesAnything(options))
    throw new UsageError('--recursive changes objects: say what to change, such as --set owner=ann.');
  if (flags.versionId !== undefined)
    throw new UsageError('--version-id names a version of one object; it cannot be used with a prefix.');
  const run = async (session: Session): Promise<number> => {
    const client = session.client(scheme);
    const meant = await meantBy(client, { scheme, bucket: source.bucket, key: source.prefix, bare: false }, 'prefix');
    return await changeMany(session, meant, text, flags);
  };
  const keys = ownKeys(io, flags, scheme, areaOf({ bucket: source.bucket, key: source.prefix }));
  return await withSession(io, flags, run, { looks: flags.dryRun && 'stores', keys });
}

/** Changes everything that a prefix or a pattern means. */
async function changeMany(session: Session, { url, pattern }: Meant, asked: string, flags: MetaFlags): Promise<number> {
  const { scheme, bucket, key } = url;
  const options = metaOptions(scheme, flags);
  if (!changesAnything(options))
    throw new UsageError(`${asked} stands for many objects: say what to change, such as --set owner=ann.`);
  const source = { bucket, prefix: pattern?.literal ?? key };
  const chosen = { choice: choiceOf(flags, pattern?.below ?? key, pattern), filters: objectFilters(flags) };
  const how = { options, objects: flags.objects ?? 16, allowEmpty: flags.allowEmpty, asked };
  const store = session.address(scheme);
  return await runMany(session, { mode: 'metadata', store, source, ...chosen, ...how }, flags);
}
