/** The two dialects as the engine sees them, and what a real server may do besides. */
import type { StoreFacts } from '../../../lib/copy/model/store-facts.ts';
import type { Random } from '../random.ts';

export const MiB = 1024 * 1024;

/** How a model store departs from the letter of its documentation; each was seen on a real server or is documented. */
export interface Quirks {
  /** Every Ceph RGW: `copy-source-if-match` on UploadPartCopy is not looked at. */
  ignoresPartConditions: boolean;
  /** Ceph and Swift: a Complete repeated after success answers 200 again instead of NoSuchUpload. */
  repeatedCompleteOk: boolean;
  /** Ceph: the first Complete's answer has an empty ETag. */
  silentComplete: boolean;
  /** Ceph: the condition that forbids to overwrite is not looked at by CopyObject. */
  copiesOverAnything: boolean;
  /** Ceph: a Complete that does not name every part of the upload is refused. */
  wantsAllParts: boolean;
  /** The list of uploads names who started them; OSS does not. */
  tellsInitiator: boolean;
  /** ListParts names who started the upload; Ceph since 20 says it in the list of uploads alone. */
  partsTellInitiator: boolean;
  /** Swift: ListParts goes on to answer for an upload that is completed, as long as its object stands. */
  remembersParts: boolean;
  /** Some servers cannot list uploads at all. */
  listsUploads: boolean;
  /** A fresh upload may be missing from the listing for this long, milliseconds. */
  listingLagMs: number;
  /** A copy of a multipart object gets an ETag of its own. */
  copyRehashesMultipart: boolean;
  /** HEAD tells the CRC-64 (OSS; documented as possibly absent). */
  tellsCrc64: boolean;
  /** The server's own ceiling for a CopyObject, bytes; may be lower than the facts say. */
  directCeiling: number;
  versioned: boolean;
  /** Ceph: calls that do not carry tags although they are asked to. */
  dropsTags: { replaceAndKeep: boolean; replaceAndSet: boolean; initiate: boolean };
  /** Ceph: CopyObject that keeps the metadata keeps the source's tags, whatever it is asked to set. */
  keepsTagsWithMetadata: boolean;
}

export interface Dialect {
  facts: StoreFacts;
  quirks: Quirks;
}

const oss: StoreFacts = {
  scheme: 'oss',
  directSameBucket: Infinity,
  directOtherBucket: 64 * MiB,
  directRewrite: 48 * MiB,
  minPartSize: 100 * 1024,
  maxPartSize: 512 * MiB,
  maxParts: 10_000,
  maxObjectSize: 48.8e12,
  maxKeyBytes: 1023,
  forbiddenKeyStarts: ['/', '\\'],
  sameRegionOnly: true,
  tellsPartLayout: false,
  compositeEtag: false,
  defaultStorageClass: 'Standard',
  defaultAcl: 'default',
  aclAt: 'complete',
  forbidsOverwrite: true,
  conditionalDelete: false,
  metadataOnlySelfCopy: true,
};

const s3: StoreFacts = {
  scheme: 's3',
  directSameBucket: 64 * MiB,
  directOtherBucket: 64 * MiB,
  directRewrite: 64 * MiB,
  minPartSize: 5 * MiB,
  maxPartSize: 512 * MiB,
  maxParts: 10_000,
  maxObjectSize: 48.8 * 1024 ** 4,
  maxKeyBytes: 1024,
  forbiddenKeyStarts: [],
  sameRegionOnly: false,
  tellsPartLayout: true,
  compositeEtag: true,
  defaultStorageClass: 'STANDARD',
  defaultAcl: 'private',
  aclAt: 'initiate',
  forbidsOverwrite: true,
  conditionalDelete: true,
  metadataOnlySelfCopy: false,
};

/** A dialect and its quirks for one schedule. */
export function drawDialect(random: Random): Dialect {
  const versioned = random.chance(0.1);
  const quirks: Quirks = {
    ignoresPartConditions: false,
    repeatedCompleteOk: false,
    silentComplete: false,
    copiesOverAnything: false,
    wantsAllParts: false,
    tellsInitiator: true,
    partsTellInitiator: true,
    remembersParts: false,
    listsUploads: true,
    listingLagMs: random.chance(0.3) ? 20_000 : 0,
    copyRehashesMultipart: random.chance(0.5),
    tellsCrc64: false,
    directCeiling: Infinity,
    versioned,
    dropsTags: { replaceAndKeep: false, replaceAndSet: false, initiate: false },
    keepsTagsWithMetadata: false,
  };
  if (random.chance(0.4)) {
    const tellsCrc64 = random.chance(0.7);
    const directCeiling = random.chance(0.15) ? 20 * MiB : Infinity;
    return {
      facts: oss,
      quirks: { ...quirks, tellsInitiator: false, partsTellInitiator: false, tellsCrc64, directCeiling },
    };
  }
  if (random.chance(0.5)) {
    const partsTellInitiator = random.chance(0.5);
    const isOld = random.fork('tags').chance(0.5);
    return {
      facts: {
        ...s3,
        forbidsOverwrite: false,
        conditionalDelete: random.chance(0.5),
        tellsPartLayout: random.chance(0.5),
      },
      quirks: {
        ...quirks,
        partsTellInitiator,
        // Ceph's listings are as fresh as its uploads.
        listingLagMs: partsTellInitiator ? quirks.listingLagMs : 0,
        ignoresPartConditions: true,
        repeatedCompleteOk: true,
        silentComplete: random.chance(0.5),
        copiesOverAnything: true,
        wantsAllParts: true,
        // 16 carries none at all beside new metadata; 20 those that the request names.
        dropsTags: { replaceAndKeep: true, replaceAndSet: isOld, initiate: isOld },
        keepsTagsWithMetadata: true,
        listsUploads: random.chance(0.9),
        directCeiling: random.chance(0.2) ? 30 * MiB : Infinity,
      },
    };
  }
  if (random.chance(0.3)) {
    const facts = { ...s3, conditionalDelete: false, tellsPartLayout: false };
    return { facts, quirks: { ...quirks, repeatedCompleteOk: true, remembersParts: true } };
  }
  return { facts: s3, quirks: { ...quirks, repeatedCompleteOk: random.chance(0.5) } };
}
