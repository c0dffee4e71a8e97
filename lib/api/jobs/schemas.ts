/** What requests may hold. The same schemas validate and are published as OpenAPI. Sizes in bytes. */
import * as z from 'zod';
import { withPlainArn } from '../../copy/plan/access-point.ts';
import { objectUrlPattern, prefixUrlPattern } from '../callers/object-url.ts';

const MiB = 1024 * 1024;

/** Longest key of any store, UTF-8 bytes. */
const maxKeyBytes = 1024;

/** All user metadata together; S3 takes 2 KB, OSS 8 KB. */
const maxMetadataBytes = 8192;

/** Store, bucket and slashes before the key: 32 + 3 + 63 + 1, and 100 more for the ARN of an access point. */
const maxUrlChars = maxKeyBytes + 99 + 100;

function urlSchema(pattern: RegExp, form: string) {
  return z
    .string()
    .max(maxUrlChars)
    .regex(pattern, `must be like ${form}`)
    .refine((url) => url.isWellFormed(), 'is not valid Unicode (it has half of a surrogate pair)')
    .refine((url) => keyBytes(url) <= maxKeyBytes, `the key is longer than ${maxKeyBytes} bytes of UTF-8`);
}

function keyBytes(written: string): number {
  const url = withPlainArn(written);
  return Buffer.byteLength(url.slice(url.indexOf('/', url.indexOf('://') + 3) + 1));
}

export const objectUrl = urlSchema(objectUrlPattern, 'oss://bucket/key').meta({
  description:
    'An object: store, bucket and key. The key is taken exactly as it stands; nothing in it is decoded, so no character needs escaping beyond JSON.',
  examples: ['oss://photos/2026/cat.jpg'],
});

export const prefixUrl = urlSchema(prefixUrlPattern, 'oss://bucket/prefix/').meta({
  description: 'Everything whose key starts with this; end it in a slash to mean a folder.',
  examples: ['oss://photos/2026/'],
});

const versionId = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces');

/** A line break in a header value would let a caller write headers of his own. */
const headerValue = z
  .string()
  .max(2048)
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  .regex(/^[^\x00-\x1f\x7f]*$/, 'must not hold control characters');

const metadataName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[a-z0-9!#$%&'*+.^_`|~-]+$/, 'must be a header name in lower case, without x-oss-meta- or x-amz-meta-');

const metadataSet = z
  .record(metadataName, headerValue)
  .refine((set) => recordBytes(set) <= maxMetadataBytes, `names and values together exceed ${maxMetadataBytes} bytes`);

function recordBytes(record: Record<string, string>): number {
  return Object.entries(record).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
}

const contentNames = [
  'contentType',
  'cacheControl',
  'contentDisposition',
  'contentEncoding',
  'contentLanguage',
  'expires',
] as const;

const contentHeaders = z.strictObject({
  contentType: headerValue.optional(),
  cacheControl: headerValue.optional(),
  contentDisposition: headerValue.optional(),
  contentEncoding: headerValue.optional(),
  contentLanguage: headerValue.optional(),
  expires: headerValue.optional(),
});

const base = z
  .enum(['merge', 'replace'])
  .default('merge')
  .meta({ description: '`merge` starts from what the source has, `replace` from nothing.' });

const metadataChange = z.strictObject({
  base,
  content: contentHeaders.optional(),
  removeContent: z.array(z.enum(contentNames)).max(contentNames.length).optional(),
  set: metadataSet.optional(),
  remove: z.array(metadataName).max(256).optional(),
});

const tagKey = z.string().min(1).max(128);

const tagChange = z.strictObject({
  base,
  set: z
    .record(tagKey, z.string().max(256))
    .refine((set) => Object.keys(set).length <= 10, 'an object has at most 10 tags')
    .meta({ maxProperties: 10 })
    .optional(),
  remove: z.array(tagKey).max(10).optional(),
});

const word = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]*$/, 'must be a word as the store spells it');

const encryption = z.strictObject({
  algorithm: word.meta({
    description: "As the store spells it; `default`: as the destination's bucket gives it.",
    examples: ['AES256', 'KMS', 'SM4', 'aws:kms', 'aws:kms:dsse', 'default'],
  }),
  keyId: z
    .string()
    .min(1)
    .max(2048)
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
    .optional(),
  dataEncryption: word.optional().meta({ description: 'OSS: algorithm of the data key under KMS.' }),
});

const shared = {
  storageClass: word.optional().meta({ description: "As the store spells it; the source's when absent." }),
  encryption: encryption.optional(),
  acl: word.optional().meta({ description: "`keep` carries the source's ACL; a canned name sets it." }),
  metadata: metadataChange.optional(),
  tags: tagChange.optional(),
  acceptLoss: z.boolean().optional().meta({
    description:
      'Renames and metadata changes: go on although something of the object (tags, ACL, ...) would be lost. Default false: they fail with `would-lose` and say what.',
  }),
  verify: z
    .enum(['auto', 'size'])
    .optional()
    .meta({ description: '`auto`: the strongest proof both sides offer, and always the size.' }),
  partSize: z
    .int()
    .min(100 * 1024)
    .max(5 * 1024 * MiB)
    .optional()
    .meta({ description: 'Bytes; also the size from which parts are used.' }),
  concurrency: z.int().min(1).max(256).optional().meta({ description: 'Part copies in flight.' }),
};

const restore = z
  .strictObject({
    days: z.int().min(1).max(365).meta({ description: 'How long the restored copy stays readable.' }),
    tier: word.optional().meta({ description: 'How soon, as the store spells it.', examples: ['Standard', 'Bulk'] }),
  })
  .optional()
  .meta({
    description:
      'Have an archived source restored, for which the store charges, and copy it when it is readable. Absent: an archived source is refused.',
  });

export const copyOptions = z.strictObject({
  ...shared,
  restore,
  overwrite: z
    .enum(['always', 'never', 'if-different'])
    .optional()
    .meta({ description: 'Default `always`; for a rename `never`.' }),
});

const options = copyOptions.default({});

export const requestPayer = z
  .literal('requester')
  .optional()
  .meta({ description: 'Say to the store that we pay for the requests, as the owner of a bucket may demand.' });

export const callback = z.string().min(1).max(2048).optional().meta({
  format: 'uri',
  description:
    'Where a signed CloudEvent is posted when the job has ended; the host must be on the list of the caller.',
});

export const copyBody = z
  .strictObject({
    source: objectUrl,
    sourceVersionId: versionId.optional(),
    destination: objectUrl,
    options,
    requestPayer,
    callback,
  })
  .meta({ id: 'CopyRequest' });

export const renameBody = z
  .strictObject({ from: objectUrl, to: objectUrl, options, requestPayer, callback })
  .meta({ id: 'RenameRequest' });

export const renamePrefixBody = z
  .strictObject({ fromPrefix: prefixUrl, toPrefix: prefixUrl, options, requestPayer, callback })
  .meta({ id: 'RenamePrefixRequest' });

export const metadataBody = z
  .strictObject({ object: objectUrl, ...shared, requestPayer, callback })
  .refine(
    (body) =>
      [body.metadata, body.tags, body.storageClass, body.encryption, body.acl].some((change) => change !== undefined),
    'asks for no change: give metadata, tags, storageClass, encryption or acl',
  )
  .meta({ id: 'MetadataRequest' });

export const anyRenameBody = z
  .union([renameBody, renamePrefixBody])
  .meta({ id: 'AnyRenameRequest', description: 'One object, or everything under a prefix.' });

export type CopyBody = z.output<typeof copyBody>;
export type RenameBody = z.output<typeof renameBody>;
export type RenamePrefixBody = z.output<typeof renamePrefixBody>;
export type MetadataBody = z.output<typeof metadataBody>;

export const limit = z.coerce.number().int().min(1).max(200).default(50);
export const cursor = z.string().min(1).max(2048).optional().meta({ description: 'From `next` of the page before.' });

export const listQuery = z.strictObject({
  state: z.enum(['planned', 'copying', 'finishing', 'done', 'failed', 'superseded', 'cancelled']).optional(),
  limit,
  cursor,
});

export const listAllQuery = listQuery.extend({ mode: z.enum(['copy', 'replicate', 'rename', 'metadata']).optional() });

export const partsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).max(10_000).default(0).meta({ description: 'Part number to start behind.' }),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
});

export const noQuery = z.strictObject({});
