/** S3's additional checksums: how each is computed, and how those of parts become one of the whole. */
import { createHash, type Hash } from 'node:crypto';
import type { Content } from './content.ts';
import { CRC32, CRC32C, CRC64_NVME, type Crc } from './crc.ts';
import type { Checksum, ChecksumAlgorithm } from './object.ts';

const CRCS: Partial<Record<ChecksumAlgorithm, Crc>> = { CRC32, CRC32C, CRC64NVME: CRC64_NVME };

const DIGESTS = { SHA1: 'sha1', SHA256: 'sha256', SHA512: 'sha512', MD5: 'md5' } as const;

/** Bytes of each. Node cannot compute them: the twin believes what a writer claims, and makes one up for a copied part. */
const UNCOMPUTED = { XXHASH64: 8, XXHASH3: 8, XXHASH128: 16 } as const;

export const ALGORITHMS: readonly ChecksumAlgorithm[] = [
  ...['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256', 'SHA512', 'MD5', 'XXHASH64', 'XXHASH3', 'XXHASH128'],
] as ChecksumAlgorithm[];

function crcBase64(value: bigint, crc: Crc): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes.subarray(8 - crc.bits / 8).toString('base64');
}

type Digested = 'sha1' | 'sha256' | 'sha512' | 'md5';

/** Equal bytes have equal stand-ins, other bytes others. */
function digestNameOf(algorithm: ChecksumAlgorithm): Digested {
  return algorithm in DIGESTS ? DIGESTS[algorithm as keyof typeof DIGESTS] : 'sha256';
}

function cut(algorithm: ChecksumAlgorithm, digest: Buffer): string {
  const length = algorithm in UNCOMPUTED ? UNCOMPUTED[algorithm as keyof typeof UNCOMPUTED] : digest.length;
  return digest.subarray(0, length).toString('base64');
}

/** Whether a claimed value can be compared with the bytes. */
export function isComputed(algorithm: ChecksumAlgorithm): boolean {
  return !(algorithm in UNCOMPUTED);
}

/** A checksum fed piece by piece. */
export class Digest {
  readonly #algorithm: ChecksumAlgorithm;
  readonly #crc: Crc | undefined;
  readonly #hash: Hash | undefined;
  #value = 0n;

  constructor(algorithm: ChecksumAlgorithm) {
    this.#algorithm = algorithm;
    this.#crc = CRCS[algorithm];
    this.#hash = this.#crc ? undefined : createHash(digestNameOf(algorithm));
  }

  update(piece: Buffer): void {
    if (this.#crc) this.#value = this.#crc.update(this.#value, piece);
    this.#hash?.update(piece);
  }

  base64(): string {
    return this.#crc ? crcBase64(this.#value, this.#crc) : cut(this.#algorithm, this.#hash!.digest());
  }
}

/** Base64 checksum of all of the content. */
export async function checksumOf(content: Content, algorithm: ChecksumAlgorithm): Promise<string> {
  const crc = CRCS[algorithm];
  if (crc) return crcBase64(await content.crc(crc), crc);
  return cut(algorithm, Buffer.from(await content.digest(digestNameOf(algorithm)), 'hex'));
}

/** The checksum over the parts' checksums, `-N`. */
export function compositeOf(algorithm: ChecksumAlgorithm, parts: readonly string[]): string {
  const joined = Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')));
  const crc = CRCS[algorithm];
  const value = crc
    ? crcBase64(crc.update(0n, joined), crc)
    : cut(algorithm, createHash(digestNameOf(algorithm)).update(joined).digest());
  return `${value}-${parts.length}`;
}

/** What S3 uses when Initiate names an algorithm but no type. */
export function defaultType(algorithm: ChecksumAlgorithm): Checksum['type'] {
  return algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE';
}

/** Only CRCs of parts can be combined to one of the whole, and CRC64NVME is never composite. */
export function typeAllowed(algorithm: ChecksumAlgorithm, type: Checksum['type']): boolean {
  if (algorithm === 'CRC64NVME') return type === 'FULL_OBJECT';
  return type === 'COMPOSITE' || CRCS[algorithm] !== undefined;
}
