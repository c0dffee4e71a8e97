import { isUtf8 } from 'node:buffer';
import { GiveUp } from '../../copy/model/errors.ts';

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
  /** End of the lines shown, without the last line break; and how many they are. */
  #end = -1;
  #lines = 0;
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
    if (this.#offset === 0) {
      this.#refuseUtf16();
      this.#skipByteOrderMark();
    }
    return true;
  }

  /** Whether anything is left, be it only an empty line. */
  async hasMore(): Promise<boolean> {
    while (this.#start >= this.#buffer.length) if (!(await this.more())) return false;
    return true;
  }

  /**
   * The next line, without its line break; undefined when it is not all here (yet). The last line of a file needs no line
   * break.
   */
  peek(): string | undefined {
    this.#lines = 0;
    this.#end = this.#start - 1;
    return this.#show();
  }

  /** Shows one line more, and returns that line alone. */
  peekFurther(): string | undefined {
    return this.#show();
  }

  /** All lines shown since `peek`. */
  shown(): string {
    return this.#text(this.#start);
  }

  #show(): string | undefined {
    const from = this.#end + 1;
    const found = from > this.#buffer.length ? -1 : this.#buffer.indexOf(lineFeed, from);
    if (found < 0 && (!this.#ended || from >= this.#buffer.length)) return undefined;
    this.#end = found < 0 ? this.#buffer.length : found;
    this.#lines += 1;
    return this.#text(from);
  }

  #text(from: number): string {
    const end = this.#end;
    const beforeReturn = end > from && this.#buffer[end - 1] === 13 ? end - 1 : end;
    return this.#buffer.toString('utf8', from, beforeReturn);
  }

  /** Whether what was shown is valid UTF-8: decoding puts U+FFFD for what was not. */
  shownValidText(): boolean {
    return isUtf8(this.#buffer.subarray(this.#start, this.#end));
  }

  /** Goes on behind the lines shown. */
  take(): void {
    const next = Math.min(this.#end + 1, this.#buffer.length);
    this.#offset += next - this.#start;
    this.#line += this.#lines;
    this.#start = next;
  }

  async close(): Promise<void> {
    this.#ended = true;
    this.#buffer = Buffer.alloc(0);
    this.#start = 0;
    await this.#bytes.return?.();
  }

  /** By its byte order mark, or by ASCII characters that take two bytes each: no line of such a file would be read right. */
  #refuseUtf16(): void {
    const [a, b, c, d] = this.#buffer;
    const isMarked = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff);
    const isWide = (a !== 0 && b === 0 && c !== 0 && d === 0) || (a === 0 && b !== 0 && c === 0 && d !== 0);
    if (!isMarked && !(isWide && d !== undefined)) return;
    throw new GiveUp(
      'BadRequest',
      `${this.#name} is UTF-16, as PowerShell and Excel write it, and lists are read as UTF-8. Convert it: iconv -f UTF-16 -t UTF-8, or Out-File -Encoding utf8.`,
    );
  }

  #skipByteOrderMark(): void {
    if (this.#buffer[0] !== 0xef || this.#buffer[1] !== 0xbb || this.#buffer[2] !== 0xbf) return;
    this.#start = 3;
    this.#offset = 3;
  }
}
