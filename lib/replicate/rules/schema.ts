/** The replication rules as people write them. Unknown keys are refused everywhere: a misspelt filter must not copy everything. */
import * as z from 'zod';
import { asUrl, endpointRule, wrongEndpoint } from '../../keys/endpoint.ts';
import { filtersSchema } from '../../keys/filters.ts';

const text = z.string().min(1);

const customerKey = z
  .strictObject({
    objects: z
      .string()
      .regex(
        /^s3:\/\/[^/]+\//,
        'must be s3://bucket/prefix/ for everything below it, or s3://bucket/key for one object',
      )
      .describe(
        '`s3://bucket/prefix/` for everything below it, `s3://bucket/key` for one object. The closest one holds.',
      ),
    key: z
      .string()
      .regex(
        /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+|none)$/,
        'must name the key, never be it: env:NAME, file:PATH, or none for objects that have no key',
      )
      .describe(
        'Where the key is found: `env:NAME` or `file:PATH`, 32 bytes or their base64; `none` inside a wider prefix.',
      ),
  })
  .transform(({ objects, key: reference }) => {
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/([^]*)$/.exec(objects) ?? [];
    return { bucket, key, reference };
  });

/** A store as `ferry.yaml` and rules name it. */
export const storeSchema = z
  .strictObject({
    scheme: z.enum(['oss', 's3']),
    endpoint: text
      .refine((value) => wrongEndpoint(value) === undefined, {
        message: `is no endpoint such as https://s3.example.com: ${endpointRule}`,
      })
      .transform(asUrl)
      .optional()
      .describe("Base URL. Left out: that of the profile or the environment, else the vendor's own for the region."),
    region: text.optional().describe('Left out: that of the profile or the environment.'),
    profile: text
      .optional()
      .describe('Whose keys: a profile of ~/.aws/config and ~/.aws/credentials (s3) or ~/.ossutilconfig (oss).'),
    role: z
      .string()
      .regex(/^(?:arn:[a-z-]+:iam:|acs:ram:):[^\s]+$/, 'must be the ARN of a role')
      .optional()
      .describe('ARN of a role that these keys may assume; its keys are used.'),
    requestPayer: z
      .literal('requester')
      .optional()
      .describe('Every request says that its sender pays, as the owner of a bucket may demand.'),
    customerKeys: z
      .array(customerKey)
      .min(1)
      .max(1000)
      .optional()
      .describe('Objects of S3 that are encrypted with keys of your own (SSE-C), and where each key is found.'),
  })
  .describe('Which store, and how to reach it. Credentials never stand here.');

const source = z.strictObject({
  bucket: text,
  prefix: z.string().default('').describe('Only keys that start with this.'),
  store: z
    .union([text, storeSchema])
    .optional()
    .describe('A name from the configuration, or an address. Left out: the default store.'),
  restore: z
    .strictObject({ days: z.int().min(1).max(365), tier: text.optional() })
    .optional()
    .describe(
      'Have archived sources restored for so many days, for which the store charges, and replicate them when they are readable. Left out: their events end as dead letters.',
    ),
});

const destination = z.strictObject({
  bucket: text,
  key: text.default('{key}').describe('Template: {key} {relative} {dir} {name} {ext} {bucket}.'),
  storageClass: text.optional(),
  encryption: z
    .strictObject({ algorithm: text, keyId: text.optional(), dataEncryption: text.optional() })
    .optional()
    .describe(
      "As the store spells it: AES256, KMS, SM4 (OSS); AES256, aws:kms, aws:kms:dsse (S3). default: as the destination's bucket gives it.",
    ),
  acl: text.optional().describe("'keep' carries the ACL of the source; a canned name sets it."),
  metadata: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'names are lower case letters, digits, ., _ and -'), z.string())
    .optional()
    .describe('User metadata to add to the replica. Costs one HEAD of the source for each copy.'),
});

export const ruleSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, ., _ and -, at most 63'),
  source,
  destination: z
    .union([destination, z.array(destination).min(1)])
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .describe('Where the replica goes; a list for several.'),
  filters: filtersSchema.default({}),
  deletes: z
    .enum(['off', 'verified', 'all'])
    .default('off')
    .describe(
      'Whether the replica goes when its source goes. verified: only a replica that carries our marker and is still as we wrote it; what a person or another program put there stays, as does a replica from before the rule said so (costs one HEAD for each copy). ' +
        'all: whatever stands at the destination key.',
    ),
  deleteMarkers: z
    .boolean()
    .default(false)
    .describe('In a versioned source bucket a delete leaves a marker: follow these too.'),
  canary: z
    .strictObject({ every: z.int().min(10).max(86_400).describe('Seconds.') })
    .optional()
    .describe(
      '`ferry serve` writes a tiny object through the rule so often, measures its arrival and removes both copies. Needs permission to write and delete at the source.',
    ),
});

export const rulesSchema = z.strictObject({
  store: z.union([text, storeSchema]).optional().describe('Default store of the rules.'),
  rules: z.array(ruleSchema).min(1).max(1000),
});

/** The rules as people may write them. */
export type RulesInput = z.input<typeof rulesSchema>;
export type RulesConfig = z.output<typeof rulesSchema>;
export type RuleConfig = z.output<typeof ruleSchema>;
export type DestinationConfig = RuleConfig['destination'][number];
