/**
 * How fast inventories are read: writes one of a million rows for each cloud and format, as S3 and OSS do (several files), and
 * reads it page by page as a batch does, bundled as what ships is, each in a process of its own. Prints rows per second, by the
 * clock and by CPU time (all threads), and the most memory that the process had.
 *
 *   npm run bench -- inventory [s3|oss|parquet]
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { GiveUp } from '../lib/copy/model/errors.ts';
import { openSource } from '../lib/sources/open.ts';
import type { Cursor, SourcePorts } from '../lib/sources/shared/source.ts';
import { sourceSchema } from '../lib/sources/shared/source.ts';
import { inventoryParquet, parquetSchemaText } from '../test/unit/sources/write-parquet.ts';

const rows = 1_000_000;
const files = 4;
const pageSize = 500;

interface Format {
  fileFormat: string;
  fileSchema: string;
  destinationBucket: string;
  end: string;
  /** The file of `count` rows, from row `first` on. */
  file(first: number, count: number): Uint8Array;
}

const etag = (n: number): string => ((n * 2_654_435_761) >>> 0).toString(16).padStart(8, '0').repeat(4);

/** Gzip of several members. */
function csv(row: (n: number) => string): Pick<Format, 'fileFormat' | 'end' | 'file'> {
  return {
    fileFormat: 'CSV',
    end: 'csv.gz',
    file(first, count) {
      const members: Buffer[] = [];
      for (let n = first; n < first + count; n += 10_000) {
        members.push(gzipSync(Array.from({ length: 10_000 }, (_, at) => row(n + at)).join(''), { level: 1 }));
      }
      return Buffer.concat(members);
    },
  };
}

const formats: Record<string, Format> = {
  s3: {
    fileSchema: 'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass',
    destinationBucket: 'arn:aws:s3:::reports',
    ...csv(
      (n) =>
        `"photos","2024/${n % 365}/holiday+pictures/img%28${n}%29.jpg","","true","false","${n * 37}","2024-04-14T07:06:00.000Z","${etag(n)}","STANDARD"\n`,
    ),
  },
  oss: {
    fileSchema: 'Bucket, Key, Size, StorageClass, LastModifiedDate, ETag',
    destinationBucket: 'reports',
    ...csv(
      (n) =>
        `photos,"2024%2F${n % 365}%2Fholiday%20pictures%2Fimg${n}.jpg","${n * 37}","Standard","2024-04-14T07-06-00Z","${etag(n)}"\n`,
    ),
  },
  parquet: {
    fileFormat: 'Parquet',
    fileSchema: parquetSchemaText,
    destinationBucket: 'arn:aws:s3:::reports',
    end: 'parquet',
    file: (first, count) =>
      inventoryParquet(
        Array.from({ length: count }, (_, at) => ({
          ...{ key: `2024/${(first + at) % 365}/holiday pictures/img(${first + at}).jpg`, size: (first + at) * 37 },
          ...{ is_latest: true, is_delete_marker: false, last_modified_date: Date.UTC(2024, 3, 14, 7, 6) },
          ...{ e_tag: etag(first + at), storage_class: 'STANDARD' },
        })),
        { rowGroupSize: 100_000 },
      ),
  },
};

/** The manifest in a folder of its own, the files in `data` beside it. */
function write(folder: string, { file, end, ...about }: Format): void {
  const data = join(folder, 'data');
  mkdirSync(data);
  mkdirSync(join(folder, '2024-04-15T00-00Z'));
  const listed = Array.from({ length: files }, (_, n) => {
    const bytes = file((n * rows) / files, rows / files);
    writeFileSync(join(data, `${n}.${end}`), bytes);
    const MD5checksum = createHash('md5').update(bytes).digest('hex');
    return { key: `inventory/data/${n}.${end}`, size: bytes.length, MD5checksum };
  });
  writeFileSync(manifestIn(folder), JSON.stringify({ sourceBucket: 'photos', ...about, files: listed }));
}

const manifestIn = (folder: string): string => join(folder, '2024-04-15T00-00Z', 'manifest.json');

const ports: SourcePorts = {
  list: () => Promise.reject(new Error('an inventory lists nothing')),
  stream: (file, { from = 0, to = Infinity } = {}) => {
    if (!('path' in file) || file.path.endsWith('.checksum')) throw new GiveUp('NotFound', 'There is no such file.');
    return Promise.resolve(createReadStream(file.path, { start: from, end: to - 1, highWaterMark: 256 * 1024 }));
  },
};

/** Entries. */
async function readAll(manifest: string): Promise<number> {
  const source = openSource(sourceSchema.parse({ kind: 'inventory', file: { path: manifest } }), ports);
  let entries = 0;
  for (const range of await source.ranges()) {
    let cursor: Cursor | undefined;
    for (let last = false; !last;) {
      const page = await source.reader.read(range, cursor, pageSize);
      entries += page.entries.length;
      ({ cursor, last } = page);
    }
  }
  await source.close();
  return entries;
}

async function read(name: string, folder: string): Promise<void> {
  const memory = (): string => `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`;
  const before = memory();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const entries = await readAll(manifestIn(folder));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const rate = (time: number): string => Math.round(entries / time).toLocaleString('en');
  console.log(
    `${name}: ${entries} rows, ${rate(seconds)} rows/s, ${rate((user + system) / 1e6)} per CPU second; ` +
      `peak RSS ${memory()}, ${before} before`,
  );
}

/** Memory that writing took must not count for reading. */
function inProcess(program: string, ...args: string[]): void {
  const { status } = spawnSync(process.execPath, [program, ...args], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${args.join(' ')} failed`);
}

/** A bundle of this file: run by tsx, which keeps the names of closures, the reading takes half as long again. */
async function bundle(): Promise<string> {
  const outfile = `node_modules/.cache/ferry-bench-${process.pid}.mjs`;
  const entryPoints = [import.meta.filename];
  const kind = { bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'external' } as const;
  await build({ entryPoints, outfile, logLevel: 'warning', ...kind });
  return outfile;
}

function measure(name: string, program: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-inventory-'));
  try {
    inProcess(program, name, 'write', folder);
    inProcess(program, name, 'read', folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [asked, step, place] = process.argv.slice(2);
if (step === 'write' && place !== undefined) write(place, formats[asked ?? ''] as Format);
else if (step === 'read' && place !== undefined) await read(asked ?? '', place);
else {
  const program = await bundle();
  try {
    for (const name of Object.keys(formats)) if (asked === undefined || name === asked) measure(name, program);
  } finally {
    rmSync(program);
  }
}
