import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Permissions } from '../../batch/request/allowed-options.ts';
import { withPlainArn } from '../../copy/plan/access-point.ts';
import { storeAndBucket } from './object-url.ts';

/** A bucket, with or without the start of a key: `oss://media`, `oss://media/uploads/`. */
const area = z
  .string()
  .regex(new RegExp(`${storeAndBucket}(/[^]*)?$`), 'must be like oss://bucket or oss://bucket/prefix/')
  .meta({
    description:
      'Bucket, or bucket and start of key. `oss://media/a` also allows `oss://media/ab`: end a folder in a slash.',
  });

export const secretSchema = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'must be whsec_ and 24 to 64 random bytes in base64')
  .meta({ description: 'Standard Webhooks secret: `whsec_` and 24 to 64 random bytes in base64.' });

export const bearerKeySchema = z
  .string()
  .min(24, 'must have at least 24 characters')
  .meta({ description: 'Bearer key of at least 24 characters, or `sha256:` and the hex digest of one.' });

const callbackHost = z
  .string()
  .regex(
    /^(https?:\/\/)?(\*\.)?[A-Za-z0-9.[\]:-]+$/,
    'must be like hooks.example.com, *.example.com or http://host:port',
  )
  .meta({
    description:
      'Host that callbacks may go to; `*.` for any host below; `http://` in front allows plain HTTP; `:port` another port.',
  });

/** One named caller, as the configuration file has it. */
export const callerSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be lower-case letters, digits and dashes'),
  keys: z.array(bearerKeySchema).max(8).default([]),
  secrets: z.array(secretSchema).max(8).default([]).meta({ description: 'Several while one is being replaced.' }),
  read: z.array(area).default([]),
  write: z.array(area).default([]),
  callbackHosts: z.array(callbackHost).default([]),
  postsEvents: z.boolean().default(false).meta({ description: 'May post object-created and other events of stores.' }),
  seesAllJobs: z.boolean().default(false).meta({ description: 'May see and cancel the jobs of others, too.' }),
  setsPublicAcl: z.boolean().default(false).meta({
    description:
      'May set an ACL that opens objects to others (`public-read`, `authenticated-read`, ...) where it may write.',
  }),
  storageClasses: z.array(z.string().min(1)).optional().meta({
    description: 'Storage classes that it may ask for, as the store spells them; all when absent.',
  }),
  encryptionKeys: z.array(z.string().min(1)).default([]).meta({
    description:
      'Ids of the encryption keys that it may name; `*` is every key. It needs none to keep that of the source.',
  }),
});

export type CallerConfig = z.input<typeof callerSchema>;

export interface Policy extends Permissions {
  /** Starts of object URLs. */
  read: readonly string[];
  write: readonly string[];
  callbackHosts: readonly string[];
  postsEvents: boolean;
  seesAllJobs: boolean;
}

export interface Caller {
  name: string;
  /** SHA-256 of each bearer key: equal lengths, so comparing takes the same time for all. */
  keyDigests: readonly Buffer[];
  secrets: readonly string[];
  policy: Policy;
}

/** @throws z.ZodError for a caller that the schema refuses. */
export function callerFrom(config: CallerConfig): Caller {
  const { name, keys, secrets, read, write, ...permissions } = callerSchema.parse(config);
  return {
    name,
    keyDigests: keys.map(digestOf),
    secrets,
    policy: { ...permissions, read: read.map(startOf), write: write.map(startOf) },
  };
}

/** For `--insecure-no-auth` on a loopback address: every client may do everything, except receive callbacks. */
export const anyone: Caller = {
  name: 'anyone',
  keyDigests: [],
  secrets: [],
  policy: {
    ...{ read: [''], write: [''], callbackHosts: [], encryptionKeys: ['*'] },
    ...{ postsEvents: true, seesAllJobs: true, setsPublicAcl: true },
  },
};

export function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function digestOf(key: string): Buffer {
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(key) ?? [];
  return hex ? Buffer.from(hex, 'hex') : digest(key);
}

/** A bucket without a slash would also allow the buckets whose names it starts. */
function startOf(written: string): string {
  const entry = withPlainArn(written);
  return entry.indexOf('/', entry.indexOf('://') + 3) < 0 ? `${entry}/` : entry;
}
