/** How keys are written in manifests. */
export type KeyEncoding = 'plain' | 'url' | 'form';

const decoders: Record<KeyEncoding, (text: string) => string> = {
  plain: (text) => text,
  url: unescaped,
  form: (text) => unescaped(text.includes('+') ? text.replaceAll('+', ' ') : text),
};

/** As `decodeURIComponent`, in about half the time for a key with a few escapes. @throws URIError. */
function unescaped(text: string): string {
  let plain = '';
  let from = 0;
  for (let at = text.indexOf('%'); at >= 0; at = text.indexOf('%', from)) {
    const code = hexDigit(text.charCodeAt(at + 1)) * 16 + hexDigit(text.charCodeAt(at + 2));
    // A character of several bytes, or no escape at all.
    if (!(code < 0x80)) return decodeURIComponent(text);
    plain += text.slice(from, at) + String.fromCharCode(code);
    from = at + 3;
  }
  return from === 0 ? text : plain + text.slice(from);
}

/** NaN for anything else. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : NaN;
}

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
