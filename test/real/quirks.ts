/** How the real servers depart from Amazon's documentation; seen by asking them, and asserted by the store contract. */
import { MiB, type Quirks } from '../contract/store/target.ts';
import type { ServerKind } from './servers/server.ts';

export const quirks: Record<ServerKind, Quirks> = {
  rgw20: {
    noNewChecksums: true,
    noAnnotations: true,
    readsVersionsInKeys: true,
    unsureOfGoneUploads: true,
    ignoresPinOnParts: true,
    tagFates: { keepAndSet: 'source', replaceAndKeep: 'none' },
    overwriteGuard: { copy: 'ignored' },
    // Its keys would come from a key server, and there is none.
    encryption: { copy: 'refused', initiate: 'refused' },
    hidesWrittenVersion: true,
    // A CopyObject that replaces the metadata drops every checksum.
    losesUnforeseen: ['checksum'],
    copyLimit: 128 * MiB,
    secondClass: 'STANDARD_IA',
  },
  rgw16: {
    noNewChecksums: true,
    noAnnotations: true,
    unsureOfGoneUploads: true,
    ignoresPinOnCopy: true,
    ignoresPinOnParts: true,
    ignoresPinOnDelete: true,
    tagFates: { keepAndSet: 'source', replaceAndKeep: 'none', replaceAndSet: 'none', initiate: 'none' },
    overwriteGuard: { copy: 'ignored', complete: 'ignored' },
    encryption: { copy: 'ignored', initiate: 'refused' },
    partLayout: 'ignored',
    noFullChecksum: true,
    hidesWrittenVersion: true,
  },
  swift: {
    noNewChecksums: true,
    noAnnotations: true,
    noLocks: true,
    cannotPinMultipart: true,
    noControlCharacters: true,
    truncatesRanges: true,
    noTags: true,
    noRedirects: true,
    overwriteGuard: { copy: 'refused' },
    noAcls: true,
    encryption: { copy: 'refused', initiate: 'refused' },
    partLayout: 'refused',
    noFullChecksum: true,
  },
};
