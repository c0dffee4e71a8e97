/** Where bytes really are. Content is made of slices of blocks; copies share blocks and never copy bytes. */
import { open } from 'node:fs/promises';
import { CRC64_ECMA, type Crc } from './crc.ts';

/** Largest piece handed out at a time, so that reading any object needs flat memory. */
export const CHUNK = 1024 * 1024;

export interface Block {
  /** Bytes; Infinity for a pattern. */
  readonly length: number;
  /** Names the bytes: equal ids are equal bytes. Used for pseudo-ETags and in the journal. */
  readonly id: string;
  /** True when the bytes are generated and cost nothing. */
  readonly virtual: boolean;
  /** Pieces of at most `CHUNK` bytes. */
  read(start: number, end: number): AsyncIterable<Buffer>;
  /** CRC of a range. */
  crc(crc: Crc, start: number, end: number): Promise<bigint>;
}

async function crcByReading(block: Block, crc: Crc, start: number, end: number): Promise<bigint> {
  let value = 0n;
  for await (const piece of block.read(start, end)) value = crc.update(value, piece);
  return value;
}

/** Remembers the CRC of the whole block, which is what copies ask for once their slices have joined again. */
function remembering(block: Block, known: Map<Crc, bigint>): Block['crc'] {
  return async (crc, start, end) => {
    const whole = start === 0 && end === block.length;
    if (whole && known.has(crc)) return known.get(crc)!;
    const value = await crcByReading(block, crc, start, end);
    if (whole) known.set(crc, value);
    return value;
  };
}

let memoryBlocks = 0;

export function memoryBlock(bytes: Buffer): Block {
  const block: Block = {
    length: bytes.length,
    id: `memory:${++memoryBlocks}`,
    virtual: false,
    async *read(start, end) {
      for (let at = start; at < end; at += CHUNK) yield bytes.subarray(at, Math.min(end, at + CHUNK));
    },
    crc: (crc, start, end) => crcOf(crc, start, end),
  };
  const crcOf = remembering(block, new Map());
  return block;
}

/** `name` is the file's name inside the data folder. The file is opened for each read, so nothing is held open. */
export function fileBlock(path: string, name: string, length: number): Block {
  const block: Block = {
    length,
    id: `file:${name}`,
    virtual: false,
    async *read(start, end) {
      const file = await open(path, 'r');
      try {
        for (let at = start; at < end;) {
          const piece = Buffer.allocUnsafe(Math.min(CHUNK, end - at));
          const { bytesRead } = await file.read(piece, 0, piece.length, at);
          if (bytesRead === 0) throw new Error(`${path} is shorter than the index says: ${at} of ${length} bytes`);
          yield piece.subarray(0, bytesRead);
          at += bytesRead;
        }
      } finally {
        await file.close();
      }
    },
    crc: (crc, start, end) => crcOf(crc, start, end),
  };
  const crcOf = remembering(block, new Map());
  return block;
}

/** A prime, so that a range shifted by any usual part size reads differently. */
const PERIOD = 4093;

function periodOf(seed: number): Buffer {
  const bytes = Buffer.alloc(PERIOD);
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  for (let at = 0; at < PERIOD; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 255;
  }
  return bytes;
}

const patterns = new Map<number, Block>();

/** Endless reproducible bytes; seed 0 is all zeros. CRCs of any range take microseconds. */
export function patternBlock(seed: number): Block {
  const known = patterns.get(seed);
  if (known) return known;
  const period = seed === 0 ? Buffer.alloc(PERIOD) : periodOf(seed);
  const repeated = Buffer.alloc(Math.ceil(CHUNK / PERIOD + 1) * PERIOD);
  for (let at = 0; at < repeated.length; at += PERIOD) period.copy(repeated, at);
  const runs = new Map<string, bigint>();
  const run = (crc: Crc, times: number): bigint => {
    const name = `${crc.bits}:${crc === CRC64_ECMA}:${times}`;
    const cached = crc.bits === 64 ? runs.get(name) : undefined;
    if (cached !== undefined) return cached;
    const value = crc.repeat(crc.update(0n, period), PERIOD, times);
    if (runs.size > 256) runs.clear();
    runs.set(name, value);
    return value;
  };
  const block: Block = {
    length: Infinity,
    id: `pattern:${seed}`,
    virtual: true,
    async *read(start, end) {
      for (let at = start; at < end;) {
        const phase = at % PERIOD;
        const length = Math.min(CHUNK, end - at);
        yield repeated.subarray(phase, phase + length);
        at += length;
      }
    },
    async crc(crc, start, end) {
      const phase = start % PERIOD;
      const headEnd = Math.min(end, start + ((PERIOD - phase) % PERIOD));
      const times = Math.floor((end - headEnd) / PERIOD);
      const tail = end - headEnd - times * PERIOD;
      let value = crc.update(0n, period.subarray(phase, phase + headEnd - start));
      if (times > 0) value = crc.combine(value, run(crc, times), times * PERIOD);
      return crc.combine(value, crc.update(0n, period.subarray(0, tail)), tail);
    },
  };
  if (patterns.size > 64) patterns.clear();
  patterns.set(seed, block);
  return block;
}
