/**
 * How fast inventories are read: writes one of a million rows for each cloud, as S3 and OSS do (gzip, several files), and
 * reads it page by page as a batch does. Prints rows per second, by the clock and by CPU time (all threads), and how far the
 * memory rose above what it was before.
 *
 *   npm run bench -- inventory
 */
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openSource } from '../lib/batch/sources/open.ts';
import type { Cursor, SourcePorts } from '../lib/batch/sources/source.ts';
import { sourceSchema } from '../lib/batch/sources/source.ts';
import { GiveUp } from '../lib/copy/errors.ts';

const rows = 1_000_000;
const files = 4;
const pageSize = 500;
const MiB = 1024 ** 2;
const folder = mkdtempSync(join(tmpdir(), 'ferry-inventory-'));

interface Cloud {
  fileSchema: string;
  destinationBucket: string;
  row(n: number): string;
}

const etag = (n: number): string => ((n * 2_654_435_761) >>> 0).toString(16).padStart(8, '0').repeat(4);

const clouds: Record<string, Cloud> = {
  s3: {
    fileSchema: 'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass',
    destinationBucket: 'arn:aws:s3:::reports',
    row: (n) =>
      `"photos","2024/${n % 365}/holiday+pictures/img%28${n}%29.jpg","","true","false","${n * 37}","2024-04-14T07:06:00.000Z","${etag(n)}","STANDARD"\n`,
  },
  oss: {
    fileSchema: 'Bucket, Key, Size, StorageClass, LastModifiedDate, ETag',
    destinationBucket: 'reports',
    row: (n) =>
      `photos,"2024%2F${n % 365}%2Fholiday%20pictures%2Fimg${n}.jpg","${n * 37}","Standard","2024-04-14T07-06-00Z","${etag(n)}"\n`,
  },
};

/** The manifest in a folder of its own, the files in `data` beside it. */
function write(name: string, { fileSchema, destinationBucket, row }: Cloud): string {
  const data = join(folder, name, 'data');
  const manifest = join(folder, name, '2024-04-15T00-00Z', 'manifest.json');
  mkdirSync(data, { recursive: true });
  mkdirSync(join(manifest, '..'), { recursive: true });
  const listed = Array.from({ length: files }, (_, file) => {
    const members: Buffer[] = [];
    for (let n = (file * rows) / files; n < ((file + 1) * rows) / files; n += 10_000) {
      members.push(gzipSync(Array.from({ length: 10_000 }, (_, at) => row(n + at)).join(''), { level: 1 }));
    }
    const packed = Buffer.concat(members);
    writeFileSync(join(data, `${file}.csv.gz`), packed);
    const MD5checksum = createHash('md5').update(packed).digest('hex');
    return { key: `inventory/data/${file}.csv.gz`, size: packed.length, MD5checksum };
  });
  const document = { sourceBucket: 'photos', destinationBucket, fileFormat: 'CSV', fileSchema, files: listed };
  writeFileSync(manifest, JSON.stringify(document));
  return manifest;
}

const ports: SourcePorts = {
  list: () => Promise.reject(new Error('an inventory lists nothing')),
  stream: (file, { from = 0 } = {}) => {
    if (!('path' in file) || file.path.endsWith('.checksum')) throw new GiveUp('NotFound', 'There is no such file.');
    return Promise.resolve(createReadStream(file.path, { start: from, highWaterMark: 256 * 1024 }));
  },
};

async function read(manifest: string): Promise<{ entries: number; peak: number }> {
  const source = openSource(sourceSchema.parse({ kind: 'inventory', file: { path: manifest } }), ports);
  let entries = 0;
  let peak = 0;
  for (const range of await source.ranges()) {
    let cursor: Cursor | undefined;
    for (let last = false; !last;) {
      const page = await source.reader.read(range, cursor, pageSize);
      entries += page.entries.length;
      ({ cursor, last } = page);
      // Asking costs more than reading a page.
      if (entries % (50 * pageSize) === 0) peak = Math.max(peak, process.memoryUsage.rss());
    }
  }
  await source.close();
  return { entries, peak };
}

try {
  for (const [name, cloud] of Object.entries(clouds)) {
    const manifest = write(name, cloud);
    const before = process.memoryUsage.rss();
    const cpu = process.cpuUsage();
    const start = performance.now();
    const { entries, peak } = await read(manifest);
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const rate = (time: number): string => Math.round(entries / time).toLocaleString('en');
    const memory = `peak RSS ${(peak / MiB).toFixed(0)} MiB, ${(before / MiB).toFixed(0)} MiB before`;
    console.log(
      `${name}: ${entries} rows, ${rate(seconds)} rows/s, ${rate((user + system) / 1e6)} per CPU second; ${memory}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
