/** Decodes `Content-Encoding: aws-chunked` bodies, checking chunk signatures where there are any. */
import { createHash, createHmac } from 'node:crypto';
import { refuse } from '../errors.ts';
import type { ChunkSigner } from './authenticate.ts';

const EMPTY_HASH = createHash('sha256').digest('hex');
const LONGEST_LINE = 16 * 1024;

/** Takes lines and counted bytes off a stream of pieces. */
class PieceReader {
  readonly #pieces: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  async #more(): Promise<boolean> {
    const next = await this.#pieces.next();
    if (next.done) return false;
    this.#rest = this.#rest.length === 0 ? next.value : Buffer.concat([this.#rest, next.value]);
    return true;
  }

  /** Without its CRLF. */
  async line(): Promise<string> {
    let at: number;
    while ((at = this.#rest.indexOf('\r\n')) < 0) {
      if (this.#rest.length > LONGEST_LINE || !(await this.#more())) throw refuse('IncompleteBody');
    }
    const line = this.#rest.subarray(0, at).toString('latin1');
    this.#rest = this.#rest.subarray(at + 2);
    return line;
  }

  async *take(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0;) {
      if (this.#rest.length === 0 && !(await this.#more())) throw refuse('IncompleteBody');
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }
}

class Chain {
  readonly #signer: ChunkSigner;
  #previous: string;

  constructor(signer: ChunkSigner) {
    this.#signer = signer;
    this.#previous = signer.seed;
  }

  #check(text: string, signature: string | undefined): void {
    const expected = createHmac('sha256', this.#signer.key).update(text).digest('hex');
    if (expected !== signature) throw refuse('SignatureDoesNotMatch', { fields: { StringToSign: text } });
    this.#previous = expected;
  }

  chunk(hash: string, signature: string | undefined): void {
    const { timestamp, scope } = this.#signer;
    this.#check(['AWS4-HMAC-SHA256-PAYLOAD', timestamp, scope, this.#previous, EMPTY_HASH, hash].join('\n'), signature);
  }

  trailer(lines: readonly string[], signature: string | undefined): void {
    const { timestamp, scope } = this.#signer;
    const hash = createHash('sha256')
      .update(lines.map((line) => `${line}\n`).join(''))
      .digest('hex');
    this.#check(['AWS4-HMAC-SHA256-TRAILER', timestamp, scope, this.#previous, hash].join('\n'), signature);
  }
}

/** Yields the decoded bytes; `onTrailer` gets each trailing header before the generator ends. */
export async function* decodeAwsChunked(
  raw: AsyncIterable<Buffer>,
  signer: ChunkSigner | undefined,
  onTrailer: (name: string, value: string) => void,
): AsyncGenerator<Buffer> {
  const reader = new PieceReader(raw);
  const chain = signer && new Chain(signer);
  for (;;) {
    const [sizeText = '', ...extensions] = (await reader.line()).split(';');
    const size = /^[0-9a-fA-F]+$/.test(sizeText) ? parseInt(sizeText, 16) : NaN;
    if (Number.isNaN(size)) throw refuse('IncompleteBody', { message: 'A chunk has no size.' });
    const signature = extensions.find((text) => text.startsWith('chunk-signature='))?.slice('chunk-signature='.length);
    const hash = createHash('sha256');
    for await (const piece of reader.take(size)) {
      if (chain) hash.update(piece);
      yield piece;
    }
    chain?.chunk(hash.digest('hex'), signature);
    if (size === 0) break;
    if ((await reader.line()) !== '') throw refuse('IncompleteBody', { message: 'A chunk is longer than it said.' });
  }
  const trailers: string[] = [];
  let signature: string | undefined;
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'x-amz-trailer-signature') {
      signature = value;
    } else {
      trailers.push(`${name}:${value}`);
      onTrailer(name, value);
    }
  }
  if (chain && trailers.length > 0) chain.trailer(trailers, signature);
}
