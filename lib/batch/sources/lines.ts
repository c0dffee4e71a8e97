import { isUtf8 } from 'node:buffer';
import { GiveUp } from '../../copy/errors.ts';

/** No row of any manifest comes near; a file without line breaks must not fill the memory. */
const maxLineBytes = 1024 * 1024;

const lineFeed = 10;

export interface TextPlace {
  /** Bytes before, in the decompressed file. */
  offset: number;
  /** From 1. */
  line: number;
}

/**
 * Cuts a stream of bytes into lines. Looking at lines is synchronous and `undefined` where bytes are missing: then ask for
 * `more`. That spares a promise for every row.
 */
export class LineReader {
  readonly #bytes: AsyncIterator<Uint8Array>;
  readonly #name: string;
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  /** End of what the last `peek` showed, without its line break. */
  #end = -1;
  #ended = false;
  #offset: number;
  #line: number;

  /** `name` is for messages; `place` is where the bytes begin in the file. */
  constructor(bytes: AsyncIterable<Uint8Array>, name: string, place: TextPlace) {
    this.#bytes = bytes[Symbol.asyncIterator]();
    this.#name = name;
    this.#offset = place.offset;
    this.#line = place.line;
  }

  /** Of the line that `peek` shows. */
  get place(): TextPlace {
    return { offset: this.#offset, line: this.#line };
  }

  get line(): number {
    return this.#line;
  }

  /** No bytes will come that are not here yet. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Reads on. False at the end of the file.
   * @throws GiveUp BadRequest for a line of more than 1 MiB.
   */
  async more(): Promise<boolean> {
    if (this.#ended) return false;
    const { done, value } = await this.#bytes.next();
    if (done) {
      this.#ended = true;
      return false;
    }
    const rest = this.#buffer.subarray(this.#start);
    if (rest.length > maxLineBytes) {
      throw new GiveUp('BadRequest', `${this.#name}, line ${this.#line}: longer than 1 MiB; this is no manifest.`);
    }
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    this.#buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    this.#start = 0;
    if (this.#offset === 0) this.#skipByteOrderMark();
    return true;
  }

  /** Whether anything is left, be it only an empty line. */
  async hasMore(): Promise<boolean> {
    while (this.#start >= this.#buffer.length) if (!(await this.more())) return false;
    return true;
  }

  /**
   * The next `count` lines as one text, without the line break at its end; undefined when they are not all here (yet).
   * The last line of a file needs no line break.
   */
  peek(count = 1): string | undefined {
    let end = this.#start - 1;
    for (let lines = 0; lines < count; lines += 1) {
      if (end >= this.#buffer.length) return undefined;
      const found = this.#buffer.indexOf(lineFeed, end + 1);
      if (found < 0 && (!this.#ended || end + 1 >= this.#buffer.length)) return undefined;
      end = found < 0 ? this.#buffer.length : found;
    }
    this.#end = end;
    const beforeReturn = end > this.#start && this.#buffer[end - 1] === 13 ? end - 1 : end;
    return this.#buffer.toString('utf8', this.#start, beforeReturn);
  }

  /** Whether what `peek` showed last was valid UTF-8: decoding puts U+FFFD for what was not. */
  peekedValidText(): boolean {
    return isUtf8(this.#buffer.subarray(this.#start, this.#end));
  }

  /** Goes on behind the next `count` lines, which `peek` has shown. */
  take(count = 1): void {
    const next = Math.min(this.#end + 1, this.#buffer.length);
    this.#offset += next - this.#start;
    this.#line += count;
    this.#start = next;
  }

  async close(): Promise<void> {
    this.#ended = true;
    this.#buffer = Buffer.alloc(0);
    this.#start = 0;
    await this.#bytes.return?.();
  }

  #skipByteOrderMark(): void {
    if (this.#buffer[0] !== 0xef || this.#buffer[1] !== 0xbb || this.#buffer[2] !== 0xbf) return;
    this.#start = 3;
    this.#offset = 3;
  }
}
