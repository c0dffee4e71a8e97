import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rulesJsonSchema } from '../../../lib/replicate/rules/json-schema.ts';

test('the published JSON Schema is current; `npx tsx scripts/rules-schema.ts` writes it', () => {
  const published = readFileSync(new URL('../../../docs/replication-rules.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(published)).toEqual(rulesJsonSchema());
});

test('it describes what people write: defaults may be left out, nothing unknown is let in', () => {
  const schema = rulesJsonSchema() as {
    additionalProperties: unknown;
    properties: { rules: { items: { required: string[] } } };
  };
  expect(schema.additionalProperties).toBe(false);
  expect(schema.properties.rules.items.required).toEqual(['name', 'source', 'destination']);
});
