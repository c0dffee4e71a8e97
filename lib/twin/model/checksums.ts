/** S3's additional checksums: how each is computed, and how those of parts become one of the whole. */
import { createHash, type Hash } from 'node:crypto';
import type { Content } from './content.ts';
import { CRC32, CRC32C, CRC64_NVME, type Crc } from './crc.ts';
import type { Checksum, ChecksumAlgorithm } from './object.ts';

const CRCS: Partial<Record<ChecksumAlgorithm, Crc>> = { CRC32, CRC32C, CRC64NVME: CRC64_NVME };

export const ALGORITHMS: readonly ChecksumAlgorithm[] = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'];

function crcBase64(value: bigint, crc: Crc): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes.subarray(8 - crc.bits / 8).toString('base64');
}

function shaOf(algorithm: ChecksumAlgorithm): 'sha1' | 'sha256' {
  return algorithm === 'SHA1' ? 'sha1' : 'sha256';
}

/** A checksum fed piece by piece. */
export class Digest {
  readonly #crc: Crc | undefined;
  readonly #hash: Hash | undefined;
  #value = 0n;

  constructor(algorithm: ChecksumAlgorithm) {
    this.#crc = CRCS[algorithm];
    this.#hash = this.#crc ? undefined : createHash(shaOf(algorithm));
  }

  update(piece: Buffer): void {
    if (this.#crc) this.#value = this.#crc.update(this.#value, piece);
    this.#hash?.update(piece);
  }

  base64(): string {
    return this.#crc ? crcBase64(this.#value, this.#crc) : this.#hash!.digest('base64');
  }
}

/** Base64 checksum of all of the content. */
export async function checksumOf(content: Content, algorithm: ChecksumAlgorithm): Promise<string> {
  const crc = CRCS[algorithm];
  if (crc) return crcBase64(await content.crc(crc), crc);
  const digest = await content.digest(shaOf(algorithm));
  return Buffer.from(digest, 'hex').toString('base64');
}

/** The checksum over the parts' checksums, `-N`. */
export function compositeOf(algorithm: ChecksumAlgorithm, parts: readonly string[]): string {
  const joined = Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')));
  const crc = CRCS[algorithm];
  const value = crc
    ? crcBase64(crc.update(0n, joined), crc)
    : createHash(shaOf(algorithm)).update(joined).digest('base64');
  return `${value}-${parts.length}`;
}

/** What S3 uses when Initiate names an algorithm but no type. */
export function defaultType(algorithm: ChecksumAlgorithm): Checksum['type'] {
  return algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE';
}

/** SHA checksums cannot be combined, and CRC64NVME is never composite. */
export function typeAllowed(algorithm: ChecksumAlgorithm, type: Checksum['type']): boolean {
  if (algorithm === 'CRC64NVME') return type === 'FULL_OBJECT';
  return type === 'COMPOSITE' || CRCS[algorithm] !== undefined;
}
