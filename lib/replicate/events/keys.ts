/**
 * How a sender writes keys into its notifications:
 *
 * - `form`: application/x-www-form-urlencoded, so `+` is a space (S3 and MinIO notifications).
 * - `perhaps-form`: a sender that is not known here: most write like S3, so the key as it stands is the alternative.
 * - `raw`: as they are (Ceph RGW writes the key as it is stored).
 * - `unsaid`: the vendor does not document it and samples are plain ASCII (OSS triggers, S3 through EventBridge): taken as it is, with
 *   the decoded reading as the alternative.
 */
export type KeySpelling = 'form' | 'perhaps-form' | 'raw' | 'unsaid';

export interface ReadKey {
  key: string;
  alternativeKey?: string;
}

const readers: Record<KeySpelling, (text: string) => ReadKey> = {
  // A sender that breaks its own rule still names a key: better to look for it than to lose the event.
  form: (text) => ({ key: percentDecoded(text.replaceAll('+', ' ')) ?? text }),
  'perhaps-form': (text) => {
    const key = percentDecoded(text.replaceAll('+', ' ')) ?? text;
    return key === text ? { key } : { key, alternativeKey: text };
  },
  raw: (text) => ({ key: text }),
  unsaid: (text) => {
    const decoded = text.includes('%') ? percentDecoded(text) : undefined;
    return decoded === undefined || decoded === text ? { key: text } : { key: text, alternativeKey: decoded };
  },
};

/** Decodes a key of a notification, exactly once. */
export function readKey(text: string, spelling: KeySpelling): ReadKey {
  return readers[spelling](text);
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
