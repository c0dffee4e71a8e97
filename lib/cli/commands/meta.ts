import { gaveUp } from '../../copy/model/errors.ts';
import { describe, type ObjectHead, type ObjectRef } from '../../copy/model/object.ts';
import type { StoreClient } from '../../store/calls/client.ts';
import { changesAnything, metaOptions } from '../input/copy-request.ts';
import {
  addLossOption,
  addManyOptions,
  addOutputOptions,
  addRunOptions,
  addStoreOptions,
  addWriteOptions,
  type MetaFlags,
} from '../input/options.ts';
import { collect, collectMeta } from '../input/parse.ts';
import { parseObjectUrl, parsePrefix } from '../input/urls.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit, UsageError } from '../process/exit.ts';
import type { Io } from '../process/io.ts';
import { dryRunObject } from '../run/dry-run.ts';
import { runMany } from '../run/many.ts';
import { copyObject } from '../run/object.ts';
import { withSession, type Session } from '../run/session.ts';
import { formatBytes, formatCount, formatTime, printable } from '../text/format.ts';
import { factLines } from '../text/labelled-values.ts';
import { paintFor } from '../text/paint.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';

export const defineMeta: DefineCommand = (program, context) => {
  const command = program
    .command('meta')
    .summary('show or change metadata, headers, tags and class')
    .description(
      'Changes metadata, headers, tags or class of an object, or with --recursive of everything below a prefix, where it is; with nothing to change, shows them.',
    )
    .argument('<url>', 'oss://bucket/key or s3://bucket/key')
    .optionsGroup('Metadata:')
    .option('--set <name=value>', 'set user metadata, keep the rest (repeatable)', collectMeta)
    .option('--remove <name>', 'drop user metadata (repeatable)', collect)
    .option('--replace', 'start from nothing: what is not set here is dropped')
    .option('--version-id <id>', 'this version (to show only)');
  addManyOptions(command);
  addStoreOptions(addOutputOptions(addLossOption(addRunOptions(addWriteOptions(command))))).action(
    async (url: string, flags: MetaFlags) => {
      context.code = await meta(context.io, url, flags);
    },
  );
};

async function meta(io: Io, text: string, flags: MetaFlags): Promise<number> {
  if (flags.recursive) return await metaOfMany(io, text, flags);
  const { scheme, bucket, key } = parseObjectUrl(text);
  const options = metaOptions(scheme, flags);
  const changes = changesAnything(options);
  if (changes && flags.versionId !== undefined) {
    throw new UsageError(
      'an old version cannot be changed in place: leave --version-id out, or copy that version with ferry cp.',
    );
  }
  const run = async (session: Session): Promise<number> => {
    const object: ObjectRef = { bucket, key, ...(flags.versionId === undefined ? {} : { versionId: flags.versionId }) };
    if (!changes) return show(io, session.client(scheme), object, flags);
    const request = {
      mode: 'metadata' as const,
      store: session.address(scheme),
      source: object,
      destination: object,
      options,
    };
    return flags.dryRun ? dryRunObject(session, request) : copyObject(session, request);
  };
  return withSession(io, flags, run, { looks: (flags.dryRun || !changes) && 'stores' });
}

async function metaOfMany(io: Io, text: string, flags: MetaFlags): Promise<number> {
  const { scheme, ...source } = parsePrefix(text);
  const options = metaOptions(scheme, flags);
  if (!changesAnything(options))
    throw new UsageError('--recursive changes objects: say what to change, such as --set owner=ann.');
  if (flags.versionId !== undefined)
    throw new UsageError('--version-id names a version of one object; it cannot be used with a prefix.');
  const { include, exclude, objects = 16 } = flags;
  const run = (session: Session): Promise<number> => {
    const store = session.address(scheme);
    return runMany(session, { mode: 'metadata', store, source, options, include, exclude, objects }, flags);
  };
  return await withSession(io, flags, run, { looks: flags.dryRun && 'stores' });
}

async function show(io: Io, client: StoreClient, object: ObjectRef, flags: MetaFlags): Promise<number> {
  const head = await client.head(object, { checksum: true });
  const tags = head.tagCount === 0 ? {} : await allowed(client.getTags(object));
  const acl = await allowed(client.getAcl(object));
  const name = describe(client.address, object);
  if (flags.json) {
    const lastModified = new Date(head.lastModified).toISOString();
    io.stdout.write(`${visibleJson({ object: name, ...head, lastModified, tags, acl: acl?.canned })}\n`);
    return exit.done;
  }
  const paint = paintFor(io.stdout, io.env);
  io.stdout.write(`${paint('bold', printable(name))}\n`);
  const shown = facts(head, tags, acl && (acl.canned ?? 'custom grants'));
  const lines = factLines(
    shown.map(([label, value]) => [label, printable(value)] as const),
    io.stdout,
    paint,
  );
  for (const line of lines) io.stdout.write(`${line}\n`);
  return exit.done;
}

/** Reading tags or ACL needs permissions of their own, and not every store has them. */
async function allowed<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (gaveUp(error, 'AccessDenied', 'Unsupported')) return undefined;
    throw error;
  }
}

const headerNames: Record<keyof ObjectHead['content'], string> = {
  contentType: 'Content-Type',
  cacheControl: 'Cache-Control',
  contentDisposition: 'Content-Disposition',
  contentEncoding: 'Content-Encoding',
  contentLanguage: 'Content-Language',
  expires: 'Expires',
};

function facts(
  head: ObjectHead,
  tags: Record<string, string> | undefined,
  acl: string | undefined,
): [string, string][] {
  const { content, encryption, checksum } = head;
  const found: [string, string | undefined][] = [
    ['size', `${formatBytes(head.size)} (${formatCount(head.size)} bytes)`],
    ['last modified', formatTime(head.lastModified)],
    ['etag', head.etag],
    ['version', head.versionId],
    ['crc-64', head.crc64],
    ['checksum', checksum && `${checksum.algorithm} ${checksum.value}`],
    ['kind', head.kind],
    ['class', head.storageClass + (head.archived ? ' (archived, not readable now)' : '')],
    ['encryption', encryption && [encryption.algorithm, encryption.keyId].filter(Boolean).join(' ')],
    ['acl', acl ?? 'not shown: no permission'],
    ...Object.entries(headerNames).map(([name, label]): [string, string | undefined] => [
      label,
      content[name as keyof ObjectHead['content']],
    ]),
    ...Object.entries(head.userMetadata).map(([name, value]): [string, string] => [`meta ${name}`, value]),
    ...Object.entries(tags ?? {}).map(([name, value]): [string, string] => [`tag ${name}`, value]),
    ['tags', tags ? undefined : 'not shown: no permission'],
  ];
  return found.filter((fact): fact is [string, string] => fact[1] !== undefined);
}
