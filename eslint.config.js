import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Who may import whom: each entry forbids the folders its files must not know. ARCHITECTURE.md says why. */
const forbidden = (folders) => [
  'error',
  {
    patterns: folders.map((folder) => ({
      regex: `^(\\.\\./)+(lib/)?${folder}/`,
      message: 'See ARCHITECTURE.md, import directions.',
    })),
  },
];
const adapters = ['store', 'state', 'queue'];
const outer = ['runtime', 'cli', 'twin', 'web', 'functions'];

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '.serverless/', '.alibaba/', '.servers/'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['*.js', 'scripts/*.mjs'] } } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      eqeqeq: 'error',
    },
  },
  { files: ['**/*.js', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  { files: ['**/*.mjs'], languageOptions: { globals: { process: 'readonly', console: 'readonly' } } },
  {
    files: ['lib/copy/**'],
    rules: {
      'no-restricted-imports': forbidden([
        ...adapters,
        ...outer,
        'keys',
        'sources',
        'cost',
        'profiles',
        'config',
        'replicate',
        'batch',
        'api',
      ]),
    },
  },
  {
    files: ['lib/store/**', 'lib/state/**', 'lib/queue/**'],
    rules: {
      'no-restricted-imports': forbidden([...outer, 'keys', 'sources', 'cost', 'config', 'replicate', 'batch', 'api']),
    },
  },
  {
    files: ['lib/keys/**', 'lib/cost/**', 'lib/sources/**'],
    rules: { 'no-restricted-imports': forbidden([...adapters, ...outer, 'config', 'replicate', 'batch', 'api']) },
  },
  {
    files: ['lib/replicate/**', 'lib/batch/**'],
    rules: { 'no-restricted-imports': forbidden([...adapters, ...outer, 'config', 'api']) },
  },
  {
    files: ['lib/api/**'],
    rules: { 'no-restricted-imports': forbidden([...adapters, ...outer, 'config', 'replicate']) },
  },
  {
    files: ['lib/profiles/**'],
    rules: {
      'no-restricted-imports': forbidden([
        ...adapters,
        ...outer,
        'keys',
        'sources',
        'cost',
        'config',
        'replicate',
        'batch',
        'api',
      ]),
    },
  },
  { files: ['lib/config/**'], rules: { 'no-restricted-imports': forbidden([...adapters, ...outer, 'batch']) } },
  {
    files: ['lib/twin/**'],
    rules: {
      'no-restricted-imports': forbidden([
        'copy',
        'keys',
        'sources',
        'cost',
        'config',
        ...adapters,
        'runtime',
        'cli',
        'web',
        'functions',
        'replicate',
        'batch',
        'api',
      ]),
    },
  },
  { files: ['lib/runtime/**'], rules: { 'no-restricted-imports': forbidden(['cli', 'twin', 'web', 'functions']) } },
  {
    files: ['functions/**'],
    rules: { 'no-restricted-imports': forbidden([...adapters, 'cli', 'twin', 'web']) },
  },
);
