// Bundles the command line and every function into dist/: an ES module each, and beside it what it imports later.
import { chmodSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

// CommonJS dependencies (undici among them) call require() for node: modules; an ES module has none of its own.
const banner = `import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);`;

// A build that fails leaves the program of the last one as it was.
const fresh = `node_modules/.cache/ferry-dist-${process.pid}`;

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  mainFields: ['module', 'main'],
  outdir: fresh,
  outExtension: { '.js': '.mjs' },
  banner: { js: banner },
  legalComments: 'none',
  logLevel: 'warning',
};

const credentials = './lib/runtime/aws/bundle-credentials.ts';

// What Lambda never needs: undici's second parser, for machines without SIMD, and the SDK's browsers and event streams.
const notOnLambda = {
  name: 'not-on-lambda',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/llhttp-wasm\.js$|^bowser$|^@smithy\/core\/event-streams$/ }, ({ path }) => ({
      path,
      namespace: 'not-on-lambda',
    }));
    onLoad({ filter: /./, namespace: 'not-on-lambda' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not in this bundle`)})`,
    }));
  },
};

const functions = readdirSync('functions').map((file) => file.replace(/\.ts$/, ''));
try {
  await Promise.all([
    build({
      ...common,
      entryPoints: { ferry: 'lib/cli/main.ts' },
      splitting: true,
      chunkNames: 'chunks/[name]-[hash]',
      banner: { js: `#!/usr/bin/env node\n${banner}` },
      packages: 'external',
    }),
    // Each by itself, so that a package holds what its own function needs. What is imported when it is needed stays in a file of
    // its own: a cold start does not even parse it.
    ...functions.map((name) =>
      build({
        ...common,
        entryPoints: [`functions/${name}.ts`],
        outdir: `${fresh}/functions`,
        splitting: true,
        // Not in a folder of the function's own name, which Lambda would take for the module.
        chunkNames: `${name}-later/[name]-[hash]`,
        minify: true,
        target: 'node22',
        alias: { '@aws-sdk/credential-provider-node': credentials, '@alicloud/credentials': credentials },
        plugins: [notOnLambda],
      }),
    ),
  ]);
  // `npm link` leads to this very file, whose mode the shell goes by.
  chmodSync(`${fresh}/ferry.mjs`, 0o755);
  rmSync('dist', { recursive: true, force: true });
  renameSync(fresh, 'dist');
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
