/**
 * The manifest.json of an inventory: which files it consists of, and what their columns are.
 *
 * S3 and OSS write nearly the same document. S3 names the destination bucket by its ARN, OSS by its name; the times and MD5s
 * are written differently; the columns stand in `fileSchema` in the order that the inventory's owner chose.
 */
import { basename, dirname, join } from 'node:path';
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { GiveUp, gaveUp } from '../copy/model/errors.ts';
import type { CallOptions } from '../copy/model/ports.ts';
import { nameOf, openBytes } from './shared/bytes.ts';
import type { FileRef, SourcePorts } from './shared/source.ts';

const manifestSchema = z.object({
  sourceBucket: z.string(),
  destinationBucket: z.string(),
  version: z.string().optional(),
  fileFormat: z.string(),
  fileSchema: z.string(),
  files: z.array(
    z.object({
      key: z.string(),
      size: z.int().optional(),
      MD5checksum: z.string().optional(),
    }),
  ),
});

/** Inventories of billions of objects have some thousand files. */
const maxManifestBytes = 64 * 1024 * 1024;

export interface Inventory {
  cloud: 's3' | 'oss';
  format: 'csv' | 'parquet';
  /** Of CSV; Parquet files name their own. */
  columns?: string[];
  files: { file: FileRef; size?: number; md5?: string }[];
}

/**
 * Reads manifest.json and checks it against manifest.checksum where that stands beside it.
 * @throws GiveUp BadRequest for what is no manifest, or names files that cannot be read; GiveUp VerificationFailed.
 */
export async function readInventoryManifest(
  ports: SourcePorts,
  file: FileRef,
  options: CallOptions = {},
): Promise<Inventory> {
  const name = nameOf(file);
  const text = await readWhole(ports, file, options);
  await checkSum(ports, file, text, options);
  const manifest = parse(text, name);
  const { fileSchema, destinationBucket, fileFormat } = manifest;
  const format = formatOf(fileFormat, name);
  return {
    cloud: destinationBucket.startsWith('arn:') ? 's3' : 'oss',
    format,
    ...(format === 'csv' && { columns: fileSchema.split(',').map((column) => column.trim()) }),
    files: manifest.files.map(({ key, size, MD5checksum }) => ({
      file: placeOf(file, bucketOf(destinationBucket), key),
      ...(size !== undefined && { size }),
      ...(MD5checksum !== undefined && { md5: MD5checksum }),
    })),
  };
}

function formatOf(fileFormat: string, name: string): Inventory['format'] {
  const format = fileFormat.toLowerCase();
  if (format === 'csv' || format === 'parquet') return format;
  throw new GiveUp(
    'BadRequest',
    `${name}: inventories in ${fileFormat} are not read here; configure the inventory to write CSV or Parquet.`,
  );
}

/** `arn:aws:s3:::bucket`, `arn:aws-cn:s3:::bucket`, or the name itself. */
function bucketOf(destination: string): string {
  return destination.slice(destination.lastIndexOf(':') + 1);
}

/** Of a manifest that was downloaded: both clouds keep the files in the folder `data` beside that of the manifest. */
function placeOf(manifest: FileRef, bucket: string, key: string): FileRef {
  return 'path' in manifest ? { path: join(dirname(manifest.path), '..', 'data', basename(key)) } : { bucket, key };
}

function parse(text: string, name: string): z.output<typeof manifestSchema> {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll(/\s+/g, ' ') : 'it is no JSON';
    throw new GiveUp('BadRequest', `${name} is no manifest of an inventory: ${why}.`, { cause: error });
  }
}

async function checkSum(ports: SourcePorts, file: FileRef, text: string, options: CallOptions): Promise<void> {
  const beside = besideOf(file);
  if (!beside) return;
  let wanted: string;
  try {
    wanted = (await readWhole(ports, beside, options)).trim().toLowerCase();
  } catch (error) {
    if (gaveUp(error, 'NotFound', 'AccessDenied')) return;
    throw error;
  }
  if (createHash('md5').update(text).digest('hex') !== wanted) {
    throw new GiveUp('VerificationFailed', `${nameOf(file)}: its MD5 is not the one in manifest.checksum.`);
  }
}

function besideOf(file: FileRef): FileRef | undefined {
  const swap = (path: string): string => path.replace(/manifest\.json$/, 'manifest.checksum');
  if ('stdin' in file) return undefined;
  if ('path' in file) return swap(file.path) === file.path ? undefined : { path: swap(file.path) };
  return swap(file.key) === file.key ? undefined : { bucket: file.bucket, key: swap(file.key) };
}

async function readWhole(ports: SourcePorts, file: FileRef, options: CallOptions): Promise<string> {
  const { bytes } = await openBytes(ports, file, { ...options, from: 0 });
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxManifestBytes)
      throw new GiveUp('BadRequest', `${nameOf(file)} is too large to be a manifest.json.`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
