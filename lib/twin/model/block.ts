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
  crc(crc: Crc, start: number, end: number): Promise<bigint>;
}

/** Bytes that exist. Remembers the CRC of the whole block, which copies ask for once their slices have joined again. */
abstract class RealBlock implements Block {
  readonly virtual = false;
  readonly length: number;
  readonly id: string;
  #whole: { crc: Crc; value: bigint } | undefined;

  constructor(id: string, length: number) {
    this.id = id;
    this.length = length;
  }

  abstract read(start: number, end: number): AsyncIterable<Buffer>;

  async crc(crc: Crc, start: number, end: number): Promise<bigint> {
    const isWhole = start === 0 && end === this.length;
    if (isWhole && this.#whole?.crc === crc) return this.#whole.value;
    let value = 0n;
    for await (const piece of this.read(start, end)) value = crc.update(value, piece);
    if (isWhole) this.#whole = { crc, value };
    return value;
  }
}

let memoryBlocks = 0;

export class MemoryBlock extends RealBlock {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    super(`memory:${++memoryBlocks}`, bytes.length);
    this.#bytes = bytes;
  }

  async *read(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end; at += CHUNK) yield this.#bytes.subarray(at, Math.min(end, at + CHUNK));
  }
}

export class FileBlock extends RealBlock {
  readonly #path: string;

  /** `name` is the file's name inside the data folder. The file is opened for each read, so nothing is held open. */
  constructor(path: string, name: string, length: number) {
    super(`file:${name}`, length);
    this.#path = path;
  }

  async *read(start: number, end: number): AsyncGenerator<Buffer> {
    const file = await open(this.#path, 'r');
    try {
      for (let at = start; at < end;) {
        const piece = Buffer.allocUnsafe(Math.min(CHUNK, end - at));
        const { bytesRead } = await file.read(piece, 0, piece.length, at);
        if (bytesRead === 0) throw new Error(`${this.#path} ends at byte ${at} of ${this.length}.`);
        yield piece.subarray(0, bytesRead);
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
  }
}

/** A prime, so that a range shifted by any usual part size reads differently. */
const PERIOD = 4093;
const RUNS_KEPT = 256;

function periodOf(seed: number): Buffer {
  const bytes = Buffer.alloc(PERIOD);
  if (seed === 0) return bytes;
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  for (let at = 0; at < PERIOD; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 255;
  }
  return bytes;
}

/** Endless reproducible bytes; seed 0 is all zeros. The CRC of any range takes microseconds. */
export class PatternBlock implements Block {
  readonly virtual = true;
  readonly length = Infinity;
  readonly id: string;
  readonly #period: Buffer;
  /** Enough periods in a row to cut a chunk at any phase from. */
  readonly #repeated: Buffer;
  /** CRC-64/XZ of so many periods: parts of one size ask for one or two numbers of them. */
  readonly #runs = new Map<number, bigint>();

  constructor(seed: number) {
    this.id = `pattern:${seed}`;
    this.#period = periodOf(seed);
    this.#repeated = Buffer.alloc((Math.ceil(CHUNK / PERIOD) + 1) * PERIOD, this.#period);
  }

  async *read(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end;) {
      const phase = at % PERIOD;
      const length = Math.min(CHUNK, end - at);
      yield this.#repeated.subarray(phase, phase + length);
      at += length;
    }
  }

  async crc(crc: Crc, start: number, end: number): Promise<bigint> {
    const phase = start % PERIOD;
    const headEnd = Math.min(end, start + ((PERIOD - phase) % PERIOD));
    const times = Math.floor((end - headEnd) / PERIOD);
    const tail = end - headEnd - times * PERIOD;
    let value = crc.update(0n, this.#period.subarray(phase, phase + headEnd - start));
    if (times > 0) value = crc.combine(value, this.#run(crc, times), times * PERIOD);
    return crc.combine(value, crc.update(0n, this.#period.subarray(0, tail)), tail);
  }

  #run(crc: Crc, times: number): bigint {
    const known = crc === CRC64_ECMA ? this.#runs.get(times) : undefined;
    if (known !== undefined) return known;
    const value = crc.repeat(crc.update(0n, this.#period), PERIOD, times);
    if (crc !== CRC64_ECMA) return value;
    if (this.#runs.size >= RUNS_KEPT) this.#runs.clear();
    this.#runs.set(times, value);
    return value;
  }
}

const PATTERNS_KEPT = 64;
const patterns = new Map<number, PatternBlock>();

export function patternBlock(seed: number): Block {
  const known = patterns.get(seed);
  if (known) return known;
  const block = new PatternBlock(seed);
  if (patterns.size >= PATTERNS_KEPT) patterns.clear();
  patterns.set(seed, block);
  return block;
}
