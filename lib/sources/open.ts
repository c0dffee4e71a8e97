import * as z from 'zod';
import { GiveUp } from '../copy/model/errors.ts';
import type { Inventory } from './inventory-manifest.ts';
import { readInventoryManifest } from './inventory-manifest.ts';
import { firstRange, ListingReader } from './listing/listing.ts';
import { ResultsReader } from './results.ts';
import type { OpenRows, Rows } from './shared/file-reader.ts';
import { FileReader } from './shared/file-reader.ts';
import type { KeyEncoding } from './shared/keys.ts';
import type { OpenSource, RangeSpec, SourcePorts, SourceSpec } from './shared/source.ts';
import { fileSchema } from './shared/source.ts';
import { openTextRows } from './text/rows.ts';

/** One file of an inventory: with all that reading it needs, so that the manifest is read once for a batch. */
const fileRangeSchema = z.object({
  /** Absent: an inventory without files, of an empty bucket. */
  file: fileSchema.optional(),
  format: z.enum(['csv', 'parquet']),
  encoding: z.enum(['url', 'form', 'plain']),
  columns: z.array(z.string()).optional(),
  /** Bytes. */
  size: z.int().optional(),
  md5: z.string().optional(),
});

type Kind<K extends SourceSpec['kind']> = Extract<SourceSpec, { kind: K }>;

/**
 * Opens what a batch reads. Nothing is read before `ranges` or `read` is called.
 * @throws GiveUp BadRequest for results of another batch where this runtime has none.
 */
export function openSource(spec: SourceSpec, ports: SourcePorts): OpenSource {
  switch (spec.kind) {
    case 'prefix': {
      const reader = new ListingReader(ports.list, spec.bucket, spec.prefix);
      return { ranges: () => Promise.resolve([firstRange]), reader, close: () => Promise.resolve() };
    }
    case 'manifest':
      return openManifest(spec, ports);
    case 'inventory':
      return openInventory(spec, ports);
    case 'results': {
      if (!ports.results) throw new GiveUp('BadRequest', 'The results of other batches cannot be read here.');
      const reader = new ResultsReader(ports.results(spec.batchId), spec.statuses, ports.parseOptions);
      return { ranges: () => reader.ranges(), reader, close: () => reader.close() };
    }
  }
}

function openManifest({ file, onBad, ...format }: Kind<'manifest'>, ports: SourcePorts): OpenSource {
  const { parseOptions, scheme } = ports;
  const rules = {
    ...format,
    versions: 'all' as const,
    ...(scheme !== undefined && { scheme }),
    ...(parseOptions && { parseOptions }),
  };
  const open: OpenRows = (_range, cursor, options) => openTextRows(ports, file, rules, cursor, options);
  return openFiles(() => Promise.resolve([{ range: '0' }]), open, onBad);
}

function openInventory(spec: Kind<'inventory'>, ports: SourcePorts): OpenSource {
  const ranges = async (): Promise<RangeSpec[]> => {
    const { cloud, format, columns, files } = await readInventoryManifest(ports, spec.file);
    const encoding = spec.encoding ?? encodingOf(cloud, format);
    const common = { format, encoding, ...(columns && { columns }) };
    if (files.length === 0) return [{ range: '0', ...common }];
    return files.map(({ file, size, md5 }, n) => ({
      range: String(n),
      ...common,
      file,
      ...(size !== undefined && { size }),
      ...(md5 !== undefined && { md5 }),
    }));
  };
  const open: OpenRows = async (range, cursor, options) => {
    const { file, format, size, ...rules } = fileRangeSchema.parse(range);
    const { versions } = spec;
    if (!file) return noRows;
    if (format === 'csv')
      return await openTextRows(ports, file, { ...rules, format, versions, header: false }, cursor, options);
    // Few read Parquet; all others need not load what reads it.
    const { openParquetRows } = await import('./parquet/rows.ts');
    return await openParquetRows(ports, file, { ...rules, size, versions }, cursor, options);
  };
  return openFiles(ranges, open, spec.onBad);
}

/** Both clouds encode the keys of CSV files; Parquet files have them as they are (S3 User Guide, "S3 Inventory list"). */
function encodingOf(cloud: Inventory['cloud'], format: Inventory['format']): KeyEncoding {
  if (format === 'parquet') return 'plain';
  return cloud === 's3' ? 'form' : 'url';
}

const noRows: Rows = {
  name: 'an inventory without files',
  next: () => undefined,
  more: () => Promise.resolve(false),
  hasMore: () => Promise.resolve(false),
  cursor: () => null,
  close: () => Promise.resolve(),
};

function openFiles(ranges: OpenSource['ranges'], open: OpenRows, onBad: 'skip' | 'fail'): OpenSource {
  const reader = new FileReader(open, onBad);
  return { ranges, reader, close: () => reader.closeAll() };
}
