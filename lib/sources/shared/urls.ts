/** Objects named by a URL, as the tools of both clouds write them: `s3://bucket/key`, `oss://bucket/key`. */

export interface ObjectUrl {
  scheme: 'oss' | 's3';
  bucket: string;
  /** As it stands in the URL. */
  key: string;
}

const shape = /^(oss|s3):\/\/([^/]*)\/(.*)$/s;

/** Undefined for a text that is no such URL. */
export function objectUrl(text: string): ObjectUrl | undefined {
  // Most keys begin otherwise: spares them the expression.
  if (!isUrl(text)) return undefined;
  const [, scheme, bucket = '', key = ''] = shape.exec(text) ?? [];
  return scheme === undefined || bucket === '' ? undefined : { scheme: scheme as ObjectUrl['scheme'], bucket, key };
}

export function isUrl(text: string): boolean {
  return text.startsWith('s3://') || text.startsWith('oss://');
}

/** What the row says of its place, put together from a bucket and a key that may be a URL. */
export function placeOfRow(
  given: { bucket?: string; key: string },
  rules: { bucket?: string; scheme?: 'oss' | 's3' },
): { bucket: string; key: string } | { why: string } {
  const url = objectUrl(given.key);
  if (!url) {
    if (isUrl(given.key)) return { why: 'a URL without a bucket or a key' };
    const bucket = given.bucket || rules.bucket;
    return bucket ? { bucket, key: given.key } : { why: 'no bucket; --bucket names that of rows without one' };
  }
  if (rules.scheme !== undefined && url.scheme !== rules.scheme)
    return { why: `a URL of ${url.scheme}://, and the batch is about ${rules.scheme}://` };
  if (given.bucket && given.bucket !== url.bucket)
    return { why: `the bucket ${given.bucket.slice(0, 80)}, and a URL of another one, ${url.bucket.slice(0, 80)}` };
  return { bucket: url.bucket, key: url.key };
}
