// Bundles the command line and every function into dist/, one self-contained ES module each.
import { readdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

// CommonJS dependencies (undici among them) call require() for node: modules; an ES module has none of its own.
const banner = `import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);`;

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  mainFields: ['module', 'main'],
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  banner: { js: banner },
  legalComments: 'none',
  logLevel: 'warning',
};

const credentials = './lib/runtime/aws-environment.ts';

// undici carries its parser twice, the second time for machines without SIMD; Lambda has none of those.
const oneParser = {
  name: 'one-parser',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/llhttp-wasm\.js$/ }, ({ path }) => ({ path, namespace: 'one-parser' }));
    onLoad({ filter: /./, namespace: 'one-parser' }, () => ({ contents: `throw new Error('no SIMD here')` }));
  },
};

rmSync('dist', { recursive: true, force: true });
const functions = readdirSync('functions').filter((name) => name.endsWith('.ts'));
await Promise.all([
  build({
    ...common,
    entryPoints: { ferry: 'lib/cli/main.ts' },
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: `#!/usr/bin/env node\n${banner}` },
    packages: 'external',
  }),
  build({
    ...common,
    entryPoints: functions.map((name) => `functions/${name}`),
    outdir: 'dist/functions',
    minify: true,
    target: 'node22',
    alias: { '@aws-sdk/credential-provider-node': credentials, '@alicloud/credentials': credentials },
    plugins: [oneParser],
  }),
]);
