/**
 * Walks over a structure of the Thrift compact protocol, as footers and page headers are, before it is decoded: the decoder
 * believes every length of a list and every number, however long, and what it allocates for them can end the process.
 */

/** Footers have some forty values for each column of a row group. */
const mostValues = 1_000_000;

/** Those of a footer lie seven deep. */
const mostNested = 32;

/** Of a number of 64 bits. */
const longestVarint = 10;

/** The bytes end within the structure. */
export class Unfinished extends Error {
  constructor() {
    super('it ends within a header');
  }
}

/**
 * Where the structure that begins at `at` ends.
 * @throws Unfinished; Error for what is no such structure, or is larger than any that is read here.
 */
export function structEnd(bytes: Uint8Array, at: number): number {
  const walk = new Walk(bytes, at);
  walk.struct(0);
  return walk.at;
}

class Walk {
  readonly #bytes: Uint8Array;
  at: number;
  #values = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  struct(depth: number): void {
    if (depth > mostNested) throw new Error(`its header is nested more than ${mostNested} deep`);
    for (;;) {
      const field = this.#byte();
      const type = field & 0x0f;
      if (type === 0) return;
      if (field >> 4 === 0) this.#varint();
      // In a structure the type says which boolean it is.
      if (type > 2) this.#value(type, depth);
      else this.#count();
    }
  }

  #value(type: number, depth: number): void {
    this.#count();
    if (type <= 3) this.#skip(1);
    else if (type <= 6) this.#varint();
    else if (type === 7) this.#skip(8);
    else if (type === 8) this.#skip(this.#varint());
    else if (type === 9) this.#list(depth + 1);
    else if (type === 12) this.struct(depth + 1);
    else throw new Error(`its header has a value of the unknown type ${type}`);
  }

  #list(depth: number): void {
    if (depth > mostNested) throw new Error(`its header is nested more than ${mostNested} deep`);
    const head = this.#byte();
    const length = head >> 4 === 15 ? this.#varint() : head >> 4;
    if (length > mostValues) throw new Error(`its header has a list of ${length} values`);
    for (let n = 0; n < length; n += 1) this.#value(head & 0x0f, depth);
  }

  #count(): void {
    this.#values += 1;
    if (this.#values > mostValues) throw new Error(`its header has more than ${mostValues} values`);
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new Unfinished();
    this.at += 1;
    return byte;
  }

  #skip(length: number): void {
    if (length > this.#bytes.length - this.at) throw new Unfinished();
    this.at += length;
  }

  /** As a length; of longer numbers only the end matters. */
  #varint(): number {
    let value = 0;
    for (let n = 0; n < longestVarint; n += 1) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** (7 * n);
      if (byte < 0x80) return value;
    }
    throw new Error('its header has a number of more than 64 bits');
  }
}
