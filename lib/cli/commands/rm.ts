import { Option } from 'commander';
import { gaveUp, GiveUp, SourceChanged } from '../../copy/model/errors.ts';
import { describe, type ObjectHead, type ObjectRef } from '../../copy/model/object.ts';
import { present } from '../../copy/model/omit-undefined.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';
import type { StoreClient, VersionsPage } from '../../store/calls/client.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { parseObjectUrl } from '../input/urls.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit, UsageError } from '../process/exit.ts';
import { printLine } from '../process/io.ts';
import { isYes } from '../many/confirm.ts';
import { isDeleteMarker, oneObject } from '../find/pattern.ts';
import { withSession, type Session } from '../run/session.ts';
import { formatBytes, printable } from '../text/format.ts';
import { paintFor } from '../text/paint.ts';

interface RmFlags extends StoreFlags, OutputFlags {
  versionId?: string;
  dryRun?: boolean;
  yes?: boolean;
  recursive?: boolean;
}

export const defineRm: DefineCommand = (program, context) => {
  const command = program
    .command('rm')
    .description(
      'Removes one object, and asks first on a terminal. In a bucket that keeps versions the object is hidden by a marker; with --version-id that version is gone for good. A prefix is not removed: ferry has no batch that only deletes.',
    )
    .argument('<url>', 'oss://bucket/key or s3://bucket/key')
    .option('--version-id <id>', 'this version, for good')
    .option('-n, --dry-run', 'remove nothing; say what would be removed')
    .option('-y, --yes', 'do not ask')
    .addOption(new Option('-r, --recursive').hideHelp());
  addStoreOptions(addOutputOptions(command, 'one JSON document')).action(async (text: string, flags: RmFlags) => {
    if (flags.recursive || /^[a-z0-9]+:\/\/[^/]+\/?$/i.test(text)) throw onlyOne(text);
    const url = parseObjectUrl(text);
    const work = (session: Session): Promise<number> => remove(session, session.client(url.scheme), url, flags);
    context.code = await withSession(context.io, flags, work, { looks: 'stores' });
  });
};

function onlyOne(text: string): UsageError {
  return new UsageError(
    `ferry rm removes one object at a time, and "${text}" stands for many: a prefix is moved (ferry mv) or left to a lifecycle rule of the bucket.`,
  );
}

async function remove(
  session: Session,
  client: StoreClient,
  asked: ReturnType<typeof parseObjectUrl>,
  flags: RmFlags,
): Promise<number> {
  const { io } = session;
  const { bucket, key } = await oneObject(client, asked, flags.versionId);
  const object: ObjectRef = present({ bucket, key, versionId: flags.versionId });
  const name = printable(describe(client.address, object));
  const head = await headOf(client, object, asked.key);
  const size = head ? formatBytes(head.size) : 'a delete marker, or not to be read';
  const paint = paintFor(io.stdout, io.env);
  const print = async (status: string, text: string, more: object = {}): Promise<number> => {
    const document = { status, object: describe(client.address, { bucket, key }), versionId: flags.versionId };
    if (flags.json) await printLine(io.stdout, visibleJson({ ...document, size: head?.size, ...more }));
    else if (!flags.quiet) await printLine(io.stdout, text);
    return exit.done;
  };
  if (flags.dryRun) return await print('planned', `would remove ${name} (${size})`);
  const pin = flags.versionId === undefined ? head?.etag : undefined;
  if (!flags.yes && io.stdin?.isTTY && io.stderr.isTTY) {
    if (!(await isYes(session, `Remove ${name} (${size})? [y/N] `))) {
      session.say('nothing was removed.');
      return exit.failed;
    }
    if (pin !== undefined && !client.facts.conditionalDelete) await mustStillBe(client, object, pin);
  }
  // Where the store has conditional deletes, what was looked at goes, or nothing. Elsewhere an object that is written between the
  // last look and the delete goes in its place.
  const { marker, versionId } = await client.delete(object, present({ ifMatch: pin }));
  const how = marker && flags.versionId === undefined ? ', hidden by a delete marker; its versions are kept' : '';
  return await print('removed', `${paint('green', '✓')} removed ${name} ${paint('dim', `(${size}${how})`)}`, {
    marker,
    markerId: marker ? versionId : undefined,
  });
}

/** An answer may take long. @throws SourceChanged where the object is another one by now, GiveUp NotFound where it is gone. */
async function mustStillBe(client: StoreClient, object: ObjectRef, etag: string): Promise<void> {
  const now = await client.head(object);
  if (now.etag === etag) return;
  throw new SourceChanged(
    `${describe(client.address, object)} was written again after you were asked (its ETag was ${etag} and is ${now.etag}); nothing was removed. Look at it, and run the command again.`,
  );
}

/** Of a version that is a marker there is none. @throws GiveUp NotFound, since removing what is not there is a slip of the pen. */
async function headOf(client: StoreClient, object: ObjectRef, asked: string): Promise<ObjectHead | undefined> {
  try {
    return await client.head(object);
  } catch (error) {
    // A version that is a delete marker has no HEAD, and may be removed.
    if (object.versionId !== undefined) {
      if (isDeleteMarker(error)) return undefined;
      if (gaveUp(error, 'NotFound') && (await isListed(client, object))) return undefined;
      throw error;
    }
    if (!gaveUp(error, 'NotFound') || !asked.endsWith('/')) throw error;
    const { contents } = await client.listObjects(object.bucket, { prefix: asked, limit: 1 });
    if (contents.length === 0) throw error;
    throw new GiveUp('NotFound', onlyOne(describe(client.address, object)).message);
  }
}

/** Whether the list of versions has this one; not where the caller may not list them. */
async function isListed(client: StoreClient, { bucket, key, versionId }: ObjectRef): Promise<boolean> {
  try {
    for (let next: VersionsPage['next'] | 'first' = 'first'; next !== undefined;) {
      const page = await client.listVersions(bucket, { prefix: key, ...(next !== 'first' && { next }) });
      if (page.versions.some((version) => version.key === key && version.versionId === versionId)) return true;
      // Keys come in order, and this one before all that begin with it.
      next = page.versions.at(-1)?.key === key ? page.next : undefined;
    }
    return false;
  } catch (error) {
    if (gaveUp(error, 'AccessDenied', 'Unsupported')) return false;
    throw error;
  }
}
