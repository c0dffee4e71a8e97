// Bundles the command line, the library and every function into dist/: an ES module each, and beside it what it imports later.
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

// What a platform never needs. On all: undici's second parser, for machines without SIMD.
const leftOut = (filter) => ({
  name: 'left-out',
  setup({ onResolve, onLoad }) {
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'left-out' }));
    onLoad({ filter: /./, namespace: 'left-out' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not in this bundle`)})`,
    }));
  },
});

// The functions of each cloud, in a folder of their own: what other clouds need is left out.
const clouds = [
  {
    folder: 'functions',
    credentials: './lib/runtime/aws/bundle-credentials.ts',
    // The SDK's browsers and event streams as well.
    without: /\/llhttp-wasm\.js$|^bowser$|^@smithy\/core\/event-streams$|\/alibaba\/open\.ts$/,
    entries: {},
  },
  {
    folder: 'alibaba',
    credentials: './lib/runtime/alibaba/bundle-credentials.ts',
    without: /\/llhttp-wasm\.js$|\/(?:assume-role|sdk-handler)\.ts$|^@smithy\/|\/aws\/open\.ts$/,
    entries: { bootstrap: 'lib/runtime/alibaba/bootstrap.ts' },
  },
];

const functions = Object.fromEntries(
  readdirSync('functions').map((file) => [file.replace(/\.ts$/, ''), `functions/${file}`]),
);
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
    // The library: what `import 'object-ferry'` gives.
    build({ ...common, entryPoints: { index: 'lib/runtime/library/index.ts' }, packages: 'external' }),
    // Each by itself, so that a package holds what its own function needs. What is imported when it is needed stays in a file of
    // its own: a cold start does not even parse it.
    ...clouds.flatMap(({ folder, credentials, without, entries }) =>
      Object.entries({ ...functions, ...entries }).map(([name, file]) =>
        build({
          ...common,
          entryPoints: { [name]: file },
          outdir: `${fresh}/${folder}`,
          splitting: true,
          // Not in a folder of the function's own name, which Lambda would take for the module.
          chunkNames: `${name}-later/[name]-[hash]`,
          minify: true,
          target: folder === 'alibaba' ? 'node20' : 'node22',
          alias: { '@aws-sdk/credential-provider-node': credentials, '@alicloud/credentials': credentials },
          plugins: [leftOut(without)],
        }),
      ),
    ),
  ]);
  // `npm link` leads to this very file, whose mode the shell goes by.
  chmodSync(`${fresh}/ferry.mjs`, 0o755);
  rmSync('dist', { recursive: true, force: true });
  renameSync(fresh, 'dist');
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
