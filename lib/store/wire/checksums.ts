import type { Checksum } from '../../copy/model/object.ts';

/** Every algorithm that S3 knows (Amazon S3 User Guide, November 2026), the one most likely to be on both sides first. */
export const checksumAlgorithms = [
  'CRC64NVME',
  'SHA512',
  'SHA256',
  'XXHASH128',
  'XXHASH3',
  'XXHASH64',
  'SHA1',
  'MD5',
  'CRC32C',
  'CRC32',
] as const;

/**
 * All checksums that the store returned, in the order above.
 *
 * @param valueOf the value by algorithm: of a header, or of an element of a document.
 * @param type `FULL_OBJECT` or `COMPOSITE`. A value that ends in `-N` is composed of part checksums, whatever else is said.
 */
export function readChecksums(
  valueOf: (algorithm: string) => string | undefined,
  type: string | undefined,
): Checksum[] {
  const found: Checksum[] = [];
  for (const algorithm of checksumAlgorithms) {
    const value = valueOf(algorithm);
    if (!value) continue;
    found.push({ algorithm, value, fullObject: type?.toUpperCase() !== 'COMPOSITE' && !/-\d+$/.test(value) });
  }
  return found;
}

/** The one to compare by: only a full-object checksum says something about another part layout. */
export function strongestOf(checksums: readonly Checksum[]): Checksum | undefined {
  return checksums.find(({ fullObject }) => fullObject) ?? checksums[0];
}
