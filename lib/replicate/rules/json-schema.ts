import * as z from 'zod';
import { rulesSchema } from './schema.ts';

/** JSON Schema (draft 2020-12) of a rules file, for editors; published as `docs/replication-rules.schema.json`. */
export function rulesJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(rulesSchema, { io: 'input' });
  return { $schema, title: 'object-ferry replication rules', ...schema };
}
