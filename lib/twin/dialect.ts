/** What differs between the two dialects, as data. One store is behind both. */
export interface Dialect {
  readonly name: 'oss' | 's3';
  /** Start of every header of the dialect's own. */
  readonly prefix: 'x-oss-' | 'x-amz-';
  readonly keyIdHeader: string;
  readonly objectAclHeader: string;
  readonly bucketAclHeader: string;
  /** Status of a copy whose if-none-match or if-modified-since fails. */
  readonly copyNotModified: 304 | 412;
  readonly defaultMaxKeys: number;
  readonly maxKeyBytes: number;
  /** A Content-MD5 that the body does not have. */
  readonly wrongMd5: 'InvalidDigest' | 'BadDigest';
  readonly upperCaseEtag: boolean;
  /** Root element attributes of answers. */
  readonly xmlns: string | undefined;
  readonly locationPrefix: '' | 'oss-';
  /** Stored spelling to the dialect's, where they differ. */
  readonly classes: Readonly<Record<string, string>>;
  readonly encryptions: Readonly<Record<string, string>>;
  /** `encoding-type=url`. */
  readonly encode: (text: string) => string;
}

/** RFC 3986: everything but the unreserved characters. */
export function percentEncode(text: string, keep = ''): string {
  return encodeURIComponent(text).replace(/[!'()*]|%2F/g, (found) => {
    if (found === '%2F') return keep.includes('/') ? '/' : found;
    return `%${found.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

export const OSS: Dialect = {
  name: 'oss',
  prefix: 'x-oss-',
  keyIdHeader: 'x-oss-server-side-encryption-key-id',
  objectAclHeader: 'x-oss-object-acl',
  bucketAclHeader: 'x-oss-acl',
  copyNotModified: 304,
  defaultMaxKeys: 100,
  maxKeyBytes: 1023,
  wrongMd5: 'InvalidDigest',
  upperCaseEtag: true,
  xmlns: undefined,
  locationPrefix: 'oss-',
  classes: {
    STANDARD: 'Standard',
    STANDARD_IA: 'IA',
    GLACIER: 'Archive',
    COLD_ARCHIVE: 'ColdArchive',
    DEEP_ARCHIVE: 'DeepColdArchive',
  },
  encryptions: { 'aws:kms': 'KMS' },
  encode: (text) => percentEncode(text),
};

export const S3: Dialect = {
  name: 's3',
  prefix: 'x-amz-',
  keyIdHeader: 'x-amz-server-side-encryption-aws-kms-key-id',
  objectAclHeader: 'x-amz-acl',
  bucketAclHeader: 'x-amz-acl',
  copyNotModified: 412,
  defaultMaxKeys: 1000,
  maxKeyBytes: 1024,
  wrongMd5: 'BadDigest',
  upperCaseEtag: false,
  xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/',
  locationPrefix: '',
  classes: {},
  encryptions: {},
  // S3 writes a space as `+` here, and leaves the slash alone.
  encode: (text) => percentEncode(text, '/').replaceAll('%20', '+'),
};

export const DIALECTS = { oss: OSS, s3: S3 } as const;

/** `"…"` in the dialect's letter case. */
export function quoteEtag(dialect: Dialect, etag: string): string {
  return `"${dialect.upperCaseEtag ? etag.toUpperCase() : etag.toLowerCase()}"`;
}

/** Comparable form of an ETag as clients send it: quoted or bare, any letter case. */
export function plainEtag(text: string): string {
  return text.trim().replace(/^W\//, '').replaceAll('"', '').toLowerCase();
}

export function outward(names: Readonly<Record<string, string>>, stored: string): string {
  return names[stored] ?? stored;
}

/** The stored spelling of what a client of the dialect wrote. */
export function inward(names: Readonly<Record<string, string>>, said: string): string {
  return Object.keys(names).find((stored) => names[stored] === said) ?? said;
}
