/** A request body: decoded while it streams, and checked against everything that was promised about it. */
import { createHash, type Hash } from 'node:crypto';
import { decodeAwsChunked } from '../auth/aws-chunked.ts';
import type { Payload } from '../auth/authenticate.ts';
import { refuse, type ErrorCode } from '../errors.ts';
import { ALGORITHMS, Digest, isComputed } from '../model/checksums.ts';
import type { ChecksumAlgorithm } from '../model/object.ts';

/** Bodies that are documents, not data. A Complete with 10,000 parts and checksums is about 3 MB. */
const LARGEST_DOCUMENT = 8 * 1024 * 1024;

const CHECKSUM_HEADER = 'x-amz-checksum-';

export interface BodyOptions {
  /** `x-amz-checksum-*` says something about the body; beside a Complete it speaks of the whole object. */
  checksums: boolean;
  /** What the store calls a Content-MD5 that the body does not have. */
  wrongMd5: ErrorCode;
  /** Called before the first byte is read: every header has been accepted. */
  accepted: () => void;
}

export class Body {
  readonly #raw: AsyncIterable<Buffer>;
  readonly #payload: Payload;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #options: BodyOptions;
  /** Additional checksum the client sent, known once the body is read. */
  checksum: { algorithm: ChecksumAlgorithm; value: string } | undefined;

  constructor(
    raw: AsyncIterable<Buffer>,
    payload: Payload,
    headers: Readonly<Record<string, string>>,
    options: BodyOptions,
  ) {
    this.#raw = raw;
    this.#payload = payload;
    this.#headers = headers;
    this.#options = options;
  }

  /** Bytes of data announced; undefined when the client does not say. */
  get announced(): number | undefined {
    const text = this.#headers['x-amz-decoded-content-length'] ?? this.#headers['content-length'];
    return text === undefined ? undefined : Number(text);
  }

  /** Algorithm named by a header or announced as a trailer. */
  #algorithm(): ChecksumAlgorithm | undefined {
    if (!this.#options.checksums) return undefined;
    const named = [...Object.keys(this.#headers), (this.#headers['x-amz-trailer'] ?? '').trim().toLowerCase()];
    return ALGORITHMS.find((algorithm) => named.includes(CHECKSUM_HEADER + algorithm.toLowerCase()));
  }

  /**
   * Throws a Refusal after the last piece when a promise does not hold: nothing may be kept before the end is reached.
   * @param ofObject the checksum in the headers is not of this body but of the object it puts together.
   */
  async *read(ofObject = false): AsyncGenerator<Buffer> {
    const payload = this.#payload;
    this.#options.accepted();
    const algorithm = ofObject ? undefined : this.#algorithm();
    const header = algorithm && CHECKSUM_HEADER + algorithm.toLowerCase();
    let claimed = header && this.#headers[header];
    const source =
      payload.kind === 'aws-chunked'
        ? decodeAwsChunked(this.#raw, payload.signer, (name, value) => {
            if (name === header) claimed = value;
          })
        : this.#raw;
    const sha256 = payload.kind === 'sha256' ? createHash('sha256') : undefined;
    const md5 = this.#headers['content-md5'] === undefined ? undefined : createHash('md5');
    const digest = algorithm && new Digest(algorithm);
    let length = 0;
    for await (const piece of source) {
      length += piece.length;
      sha256?.update(piece);
      md5?.update(piece);
      digest?.update(piece);
      yield piece;
    }
    if (this.announced !== undefined && length !== this.announced) throw refuse('IncompleteBody');
    if (payload.kind === 'sha256' && sha256!.digest('hex') !== payload.hex) throw refuse('XAmzContentSHA256Mismatch');
    if (md5) checkMd5(md5, this.#headers['content-md5']!, this.#options.wrongMd5);
    if (!algorithm) return;
    const value = digest!.base64();
    if (isComputed(algorithm) && value !== claimed) {
      throw refuse('BadDigest', { message: `The ${algorithm} you specified did not match the calculated checksum.` });
    }
    this.checksum = { algorithm, value: isComputed(algorithm) ? value : (claimed ?? value) };
  }

  async document(ofObject = false): Promise<string> {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of this.read(ofObject)) {
      length += piece.length;
      if (length > LARGEST_DOCUMENT) throw refuse('EntityTooLarge');
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString('utf8');
  }
}

function checkMd5(md5: Hash, claimed: string, wrong: ErrorCode): void {
  if (Buffer.from(claimed, 'base64').length !== 16) throw refuse('InvalidDigest');
  if (md5.digest('base64') !== claimed) throw refuse(wrong);
}
