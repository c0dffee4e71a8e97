/** A zip archive, as far as a function's code needs one: files and their modes. Format: PKWARE's APPNOTE 6.3. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  /** With `/` between folders. */
  path: string;
  data: Buffer;
  /** The program may be run. */
  executable?: boolean;
}

/** The same entries make the same bytes, so that only a change of the code changes its digest. At most 4 GB in all. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = Buffer.from(entry.path, 'utf8');
    const packed = deflateRawSync(entry.data, { level: 9 });
    const shared = sharedFields(entry.data, packed, name);
    const local = Buffer.concat([uint32(0x04034b50), shared, name, packed]);
    bodies.push(local);
    directory.push(centralEntry(shared, name, entry.executable ? 0o755 : 0o644, offset));
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const count = uint16(entries.length);
  const end = [
    uint32(0x06054b50),
    uint16(0),
    uint16(0),
    count,
    count,
    uint32(central.length),
    uint32(offset),
    uint16(0),
  ];
  return Buffer.concat([...bodies, central, ...end]);
}

/** What both headers of a file hold: version 2.0, names in UTF-8, deflated, on the first day that the format knows. */
function sharedFields(data: Buffer, packed: Buffer, name: Buffer): Buffer {
  return Buffer.concat([
    ...[uint16(20), uint16(0x0800), uint16(8), uint16(0), uint16(0x21)],
    ...[uint32(crc32(data)), uint32(packed.length), uint32(data.length), uint16(name.length), uint16(0)],
  ]);
}

function centralEntry(shared: Buffer, name: Buffer, mode: number, offset: number): Buffer {
  // Written on Unix, so that the mode counts; a regular file.
  const madeBy = uint16((3 << 8) | 20);
  const attributes = uint32(((0o100000 | mode) << 16) >>> 0);
  return Buffer.concat([
    ...[uint32(0x02014b50), madeBy, shared, uint16(0), uint16(0), uint16(0), attributes, uint32(offset), name],
  ]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
