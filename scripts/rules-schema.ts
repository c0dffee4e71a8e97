/** Writes the JSON Schema of the replication rules, for editors: `npx tsx scripts/rules-schema.ts`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { rulesJsonSchema } from '../lib/replicate/rules/json-schema.ts';

const file = fileURLToPath(new URL('../docs/replication-rules.schema.json', import.meta.url));
writeFileSync(file, await format(JSON.stringify(rulesJsonSchema()), { parser: 'json', printWidth: 120 }));
