import { readFileSync } from 'node:fs';

/** A published sample event. `"@name"` inside stands for another sample as JSON text, as envelopes carry it. */
export function fixture(name: string): unknown {
  const text = readFileSync(new URL(`../../fixtures/events/${name}.json`, import.meta.url), 'utf8');
  return JSON.parse(text, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith('@') ? JSON.stringify(fixture(value.slice(1))) : value,
  );
}
