/** What a mapping may say; apart from what it does, so that the API's description need not load the engine of patterns. */
import * as z from 'zod';

/** Keys have 1,024 bytes; the rest is for references. */
const maxTemplateChars = 4096;

const otherwise = z
  .enum(['fail', 'skip', 'keep'])
  .default('fail')
  .describe('An object whose key does not fit: fails, is passed over, or keeps its key.');

export const mappingSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('prefix'), from: z.string(), to: z.string(), otherwise })
    .describe('One prefix for another.'),
  z
    .strictObject({ kind: z.literal('template'), template: z.string().min(1).max(maxTemplateChars) })
    .describe(
      'As in replication rules: {key} {relative} {dir} {name} {ext} {bucket}. {relative} is what follows the prefix that is copied.',
    ),
  z
    .strictObject({
      kind: z.literal('pattern'),
      pattern: z.string().min(1),
      to: z.string().max(maxTemplateChars),
      otherwise,
    })
    .describe(
      'A regular expression that matches the whole key, and what the key becomes: $1, $<name>, $& for all of it, $$ for a dollar.',
    ),
]);

/** As people write it. */
export type MappingInput = z.input<typeof mappingSchema>;
export type Mapping = z.output<typeof mappingSchema>;
