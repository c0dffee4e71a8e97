import * as z from 'zod';
import type { CopyOptions } from '../../copy/model/request.ts';

const text = z.string().min(1).max(2048);
const record = z.record(text, z.string().max(2048));

const contentSchema = z.strictObject({
  contentType: text.optional(),
  cacheControl: text.optional(),
  contentDisposition: text.optional(),
  contentEncoding: text.optional(),
  contentLanguage: text.optional(),
  expires: text.optional(),
});

/** What a manifest may ask for one object (column or field `options`), as `CopyOptions` spells it. */
export const entryOptionsSchema = z.strictObject({
  storageClass: text.optional(),
  encryption: z.strictObject({ algorithm: text, keyId: text.optional(), dataEncryption: text.optional() }).optional(),
  acl: text.optional(),
  metadata: z
    .strictObject({
      base: z.enum(['merge', 'replace']),
      content: contentSchema.optional(),
      removeContent: z.array(contentSchema.keyof()).optional(),
      set: record.optional(),
      remove: z.array(text).optional(),
    })
    .optional(),
  tags: z
    .strictObject({ base: z.enum(['merge', 'replace']), set: record.optional(), remove: z.array(text).optional() })
    .optional(),
  acceptLoss: z.boolean().optional(),
  overwrite: z.enum(['always', 'never', 'if-different']).optional(),
  verify: z.enum(['auto', 'size']).optional(),
  partSize: z.int().min(1).optional(),
  concurrency: z.int().min(1).optional(),
  restore: z.strictObject({ days: z.int().min(1).max(365), tier: text.optional() }).optional(),
});

/** @throws Error that says what is wrong, for the line it stands in. */
export function parseEntryOptions(value: unknown): Partial<CopyOptions> {
  const read = entryOptionsSchema.safeParse(value);
  if (read.success) return read.data;
  throw new Error(
    `options: ${read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}`,
  );
}
