/** How keys are written in manifests. */
export type KeyEncoding = 'plain' | 'url' | 'form';

const decoders: Record<KeyEncoding, (text: string) => string> = {
  plain: (text) => text,
  url: (text) => (text.includes('%') ? decodeURIComponent(text) : text),
  form: (text) => {
    const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
    return spaced.includes('%') ? decodeURIComponent(spaced) : spaced;
  },
};

/**
 * The key; undefined when it is not encoded as promised.
 *
 * Which writer does what: S3 inventories encode like HTML forms (a space is `+`, a plus `%2B`), so do the manifests of S3 Batch
 * Operations; OSS inventories use `%xx`, also for `/`. Both write a plus as `%2B`, so reading `+` as a space is only wrong for
 * writers that leave a plus as it is.
 */
export function decodeKey(text: string, encoding: KeyEncoding): string | undefined {
  try {
    return decoders[encoding](text);
  } catch {
    return undefined;
  }
}

/** Of every store; UTF-8. */
const maxKeyBytes = 1024;

/** What is wrong with a key, on any store; undefined for nothing. */
export function keyFault(key: string): string | undefined {
  if (key === '') return 'no key';
  // No string of a third of the limit can be longer than it in UTF-8.
  if (key.length > maxKeyBytes / 3 && Buffer.byteLength(key) > maxKeyBytes)
    return `a key of more than ${maxKeyBytes} bytes`;
  if (!key.isWellFormed()) return 'a key with half of a surrogate pair';
  return undefined;
}
