/** What only some objects can: symlinks, appending (OSS), and restoring from an archive. */
import type { Call, Reply } from '../call.ts';
import { percentEncode, quoteEtag } from '../dialect.ts';
import { refuse } from '../errors.ts';
import { Content, EMPTY } from '../model/content.ts';
import { ARCHIVED_CLASSES } from '../model/object.ts';
import { readAttributes } from '../rules/attributes.ts';
import { checkOverwrite, checkWriteHeaders } from '../rules/conditions.ts';
import { crcHeader, versionHeader } from '../rules/describe.ts';
import { addressedBucket, checkNewKey, objectOf, versionAsked } from '../rules/locate.ts';
import { decode } from '../wire/target.ts';
import { child, parseXml, text } from '../wire/xml.ts';
import { checkAnnouncedSize } from './put-object.ts';
import { announce, writeObject } from './write.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export async function putSymlink(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  checkNewKey(call);
  checkWriteHeaders(call);
  const target = call.headers['x-oss-symlink-target'];
  if (!target) throw refuse('InvalidArgument', { fields: { ArgumentName: 'x-oss-symlink-target' } });
  checkOverwrite(call, bucket);
  const attributes = readAttributes(call, bucket);
  const symlinkTarget = decode(target);
  const link = { ...attributes, kind: 'symlink' as const, content: EMPTY, symlinkTarget, etag: await EMPTY.etag() };
  const stored = writeObject(call, bucket, link, 'PutSymlink');
  return {
    status: 200,
    headers: { etag: quoteEtag(call.dialect, stored.etag), ...versionHeader(call, bucket, stored) },
  };
}

export async function getSymlink(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  const object = objectOf(call, bucket, call.key, versionAsked(call));
  if (object.symlinkTarget === undefined) throw refuse('NotSymlink');
  return {
    status: 200,
    headers: {
      'x-oss-symlink-target': percentEncode(object.symlinkTarget),
      etag: quoteEtag(call.dialect, object.etag),
      ...versionHeader(call, bucket, object),
    },
  };
}

export async function appendObject(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  checkNewKey(call);
  checkAnnouncedSize(call);
  const attributes = readAttributes(call, bucket);
  const added = await call.world.bytes.keep(call.body.read());
  const current = bucket.current(call.key);
  const before = current && !current.deleteMarker ? current : undefined;
  if (before && before.kind !== 'appendable') throw refuse('ObjectNotAppendable');
  const length = before?.content.size ?? 0;
  if (Number(call.query.get('position')) !== length) {
    throw refuse('PositionNotEqualToLength', { headers: { 'x-oss-next-append-position': String(length) } });
  }
  const content = Content.join(before ? [before.content, added] : [added]);
  const object = { ...attributes, ...before, kind: 'appendable' as const, content, lastModified: call.now };
  const etag = await content.etag();
  if (bucket.current(call.key) !== current) throw refuse('PositionNotEqualToLength');
  if (before) {
    bucket.update(call.key, { ...before, ...object, etag });
    announce(call, bucket, call.key, 'AppendObject', bucket.current(call.key), before);
  } else writeObject(call, bucket, { ...object, etag }, 'AppendObject');
  const stored = bucket.current(call.key)!;
  return {
    status: 200,
    headers: {
      etag: quoteEtag(call.dialect, etag),
      'x-oss-next-append-position': String(content.size),
      ...(await crcHeader(call, stored)),
    },
  };
}

/** How soon a restore may be asked to be done, by class; the first is the default. */
const TIERS: Readonly<Record<'oss' | 's3', Readonly<Record<string, readonly string[]>>>> = {
  oss: { COLD_ARCHIVE: ['Standard', 'Expedited', 'Bulk'], DEEP_ARCHIVE: ['Standard', 'Expedited'] },
  s3: { GLACIER: ['Standard', 'Expedited', 'Bulk'], DEEP_ARCHIVE: ['Standard', 'Bulk'] },
};

/** How long OSS keeps a restored copy at most; EC 0016-00000708 and 0016-00000704. S3 documents no limit. */
const MOST_DAYS: Readonly<Record<string, number>> = { GLACIER: 7, COLD_ARCHIVE: 365, DEEP_ARCHIVE: 365 };

function checkDays(call: Call, storageClass: string, days: number): void {
  const most = call.dialect.name === 'oss' ? (MOST_DAYS[storageClass] ?? Infinity) : Infinity;
  if (days > most) throw refuse('MalformedXML', { ec: most === 7 ? '0016-00000708' : '0016-00000704' });
}

interface Restore {
  days: number;
  tier: string | undefined;
}

/** Throws MalformedXML for what the document may not say. */
function readRestore(document: string): Restore {
  const request = document === '' ? undefined : parseXml(document, 'RestoreRequest');
  const days = Number(text(request, 'Days') ?? 1);
  if (!Number.isInteger(days) || days < 1) throw refuse('MalformedXML');
  const parameters = child(request, 'JobParameters') ?? child(request, 'GlacierJobParameters');
  return { days, tier: text(parameters, 'Tier') ?? text(request, 'Tier') };
}

/** OSS knows no tiers of the class Archive, and refuses a document that names one. */
function checkedTier(call: Call, storageClass: string, asked: string | undefined): string | undefined {
  const known = TIERS[call.dialect.name][storageClass] ?? [];
  if (asked === undefined) return known[0];
  if (known.includes(asked)) return asked;
  throw refuse('MalformedXML');
}

export async function restoreObject(call: Call): Promise<Reply> {
  const { days, tier: asked } = readRestore(await call.body.document());
  const bucket = addressedBucket(call);
  const object = objectOf(call, bucket, call.key, versionAsked(call));
  if (!ARCHIVED_CLASSES.has(object.storageClass)) {
    throw call.dialect.name === 'oss'
      ? refuse('OperationNotSupported', { ec: '0016-00000702' })
      : refuse('InvalidObjectState', { message: "Restore is not allowed for the object's current storage class" });
  }
  checkDays(call, object.storageClass, days);
  const tier = checkedTier(call, object.storageClass, asked);
  const restored = object.restore && call.now < object.restore.expiresAt ? object.restore : undefined;
  if (restored && call.now < restored.readyAt) throw refuse('RestoreAlreadyInProgress');
  const readyAt = restored ? restored.readyAt : call.now + call.world.limits.restoreMs;
  const restore = { readyAt, expiresAt: Math.max(call.now, readyAt) + days * DAY_MS };
  bucket.update(call.key, { ...object, restore });
  const priority = call.dialect.name === 'oss' && !restored ? tier : undefined;
  return { status: restored ? 200 : 202, headers: { 'x-oss-object-restore-priority': priority } };
}
