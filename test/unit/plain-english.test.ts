/** Words that hide which component acts. Each sentence names it instead: "the worker", "the sweep", "the caller", "another process". */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const words =
  /\b(nobody|somebody|someone|anybody|everybody|whoever|begets?|untid(?:y|ily|iness)|in peace|(?:is|are|was|were) told|of no use|(?:stands?|stood|standing) still)\b/gi;

const root = join(import.meta.dirname, '../..');
const folders = ['bench', 'deploy', 'docs', 'functions', 'lib', 'scripts', 'test'];
const here = 'test/unit/plain-english.test.ts';

function files(): string[] {
  const inFolders = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
      `${folder}/${path}`.replaceAll('\\', '/'),
    ),
  );
  return [...readdirSync(root), ...inFolders].filter((path) => /\.(ts|mjs|js|md|sh)$/.test(path) && path !== here);
}

function findings(path: string): string[] {
  const lines = readFileSync(join(root, path), 'utf8').split('\n');
  return lines.flatMap((line, index) =>
    [...line.matchAll(words)].map(([word]) => `${path}:${index + 1}: "${word}" in: ${line.trim()}`),
  );
}

test('names the component that acts, in code, messages and documents', () => {
  expect(files().flatMap(findings)).toEqual([]);
});
