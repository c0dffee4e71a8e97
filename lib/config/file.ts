/** The configuration file of `ferry serve`, read once and checked as a whole. Secrets are named in it, not written. */
import { parse } from 'yaml';
import * as z from 'zod';
import { addressFilter } from '../api/callbacks/addresses.ts';
import { bearerKeySchema, callerSchema, secretSchema } from '../api/callers/callers.ts';
import { GiveUp } from '../copy/model/errors.ts';
import type { StoreAddress } from '../copy/model/object.ts';
import type { RulesContext, RuleSet } from '../replicate/rules/rules.ts';
import { loadRules } from '../replicate/rules/rules.ts';
import { ruleSchema, storeSchema } from '../replicate/rules/schema.ts';
import { withoutLineEnd } from './environment.ts';
import type { Env } from './env.ts';

const note = (description: string) => ({ description });

/** A text, or `env:NAME` for the value of an environment variable. */
function fromEnv<Inner extends z.ZodType<string, string>>(env: Env, inner: Inner) {
  const value = z.string().transform((text, context) => {
    const [, name] = /^env:([A-Za-z_][A-Za-z0-9_]*)$/.exec(text) ?? [];
    if (name === undefined) return text;
    const found = withoutLineEnd(env[name] ?? '');
    if (found) return found;
    context.addIssue({ code: 'custom', message: `the environment variable ${name} is not set` });
    return z.NEVER;
  });
  const { description } = inner.meta() ?? {};
  return value
    .pipe(inner)
    .meta({ description: `${description ?? ''} Best as \`env:NAME\`: the variable that holds it.`.trim() });
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

function schemaFor(env: Env) {
  const secrets = z.array(fromEnv(env, secretSchema)).max(8);
  return z.strictObject({
    $schema: z.string().optional().meta(note('For editors.')),
    host: z.string().min(1).default('127.0.0.1').meta(note('Address to listen on.')),
    port: z.int().min(0).max(65_535).default(8470).meta(note('0 lets the system choose.')),
    home: z.string().min(1).optional().meta(note('Folder that keeps state; FERRY_HOME or .ferry when absent.')),
    stores: z
      .record(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits and dashes'), storeSchema)
      .default({ oss: { scheme: 'oss' }, s3: { scheme: 's3' } })
      .meta(note('Stores by the name that stands before :// in requests, policies and rules.')),
    callers: z
      .array(
        callerSchema.extend({
          keys: z.array(fromEnv(env, bearerKeySchema)).max(8).default([]),
          secrets: secrets.default([]),
        }),
      )
      .max(1000)
      .default([])
      .meta(note('Who may use the API.')),
    eventTokens: z
      .array(
        fromEnv(
          env,
          z
            .string()
            .regex(/^[A-Za-z0-9_-]{24,128}$/, 'must be 24 to 128 letters, digits, dashes or underscores')
            .meta(note('Last part of the path /events/TOKEN, for stores that cannot send a key.')),
        ),
      )
      .max(100)
      .default([]),
    snsTopics: z
      .array(
        z
          .string()
          .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,256}$/, 'must be the ARN of an SNS topic'),
      )
      .max(100)
      .default([])
      .meta(note('SNS topics whose subscription to /events/TOKEN is confirmed when SNS asks for it.')),
    metricsTokens: z
      .array(fromEnv(env, bearerKeySchema))
      .max(8)
      .default([])
      .meta(
        note(
          'Bearer keys that open `/metrics` and the reason of `/readyz`, and nothing else. On a loopback address both are open.',
        ),
      ),
    callbacks: z
      .strictObject({
        allowAddresses: z
          .array(z.string().refine(isBlock, 'must be an address or a block like 10.0.0.0/8'))
          .default([])
          .meta(note('Private addresses that callbacks may go to all the same.')),
      })
      .default({ allowAddresses: [] }),
    lifecycle: z
      .strictObject({ url: z.url({ protocol: /^https?$/ }), secrets: secrets.min(1) })
      .optional()
      .meta(note('Webhook that gets a CloudEvent for every state of every job.')),
    source: z
      .string()
      .min(1)
      .max(512)
      .default('/object-ferry')
      .meta(note('Names this installation in CloudEvents: a URI reference.')),
    defaultStore: z.string().optional().meta(note('Name of the store of rules that name none.')),
    rules: z.array(ruleSchema).max(1000).default([]).meta(note('Replication rules.')),
    deadLetters: z
      .strictObject({
        keepDays: z
          .int()
          .min(1)
          .max(3650)
          .default(90)
          .meta(note('Days after which a dead letter is removed, with a line in the log.')),
        unknownMegabytes: z
          .int()
          .min(1)
          .max(100_000)
          .default(64)
          .meta(
            note(
              'Megabytes of dead letters above which posts that no store is known to send are answered 503 and not kept.',
            ),
          ),
      })
      .default({ keepDays: 90, unknownMegabytes: 64 }),
    sweepSeconds: z.int().min(1).max(3600).default(30),
  });
}

type FileConfig = z.output<ReturnType<typeof schemaFor>>;

export interface ServeConfig extends Omit<FileConfig, 'stores' | 'rules' | '$schema'> {
  stores: Record<string, StoreAddress>;
  rules: RuleSet;
}

function isBlock(text: string): boolean {
  try {
    addressFilter([text]);
    return true;
  } catch {
    return false;
  }
}

/** Environment variables that the file names. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(/\benv:([A-Za-z_][A-Za-z0-9_]*)/g)].map(([, name]) => name ?? '');
}

/** Completes a store of the file by what the environment and profiles say. @throws GiveUp when it cannot be used. */
export type ResolveStore = (given: StoreAddress) => StoreAddress;

/**
 * @param text YAML
 * @throws GiveUp BadRequest that lists every problem by its place, without the values: they may be secrets.
 */
export function readServeConfig(text: string, env: Env, resolve: ResolveStore = (given) => given): ServeConfig {
  const input = fromYaml(text);
  const parsed = schemaFor(env).safeParse(input ?? {});
  if (!parsed.success) throw refused(parsed.error.issues.map(({ path, message }) => `${placeOf(path)}: ${message}`));
  const config = parsed.data;
  const problems = problemsOf(config);
  const stores: Record<string, StoreAddress> = {};
  const unusable: string[] = [];
  for (const [name, given] of Object.entries(config.stores)) {
    try {
      stores[name] = resolve(given);
    } catch (error) {
      if (!(error instanceof GiveUp)) throw error;
      unusable.push(`stores.${name}: ${error.message}`);
    }
  }
  // Of the two stores that there are without a word, one may be all that is meant.
  if (saysStores(input) || Object.keys(stores).length === 0) problems.push(...unusable);
  if (problems.length > 0) throw refused(problems);
  return { ...config, stores, rules: rulesOf(config, input, { stores, resolve }) };
}

function saysStores(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'stores' in input;
}

/** The stores that a file names or that its rules describe, as far as it can be read; for what has to be looked up for them. */
export function storesIn(text: string): { scheme: StoreAddress['scheme']; profile?: string }[] {
  const found: { scheme: StoreAddress['scheme']; profile?: string }[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const parsed = storeSchema.safeParse(value);
    if (parsed.success) found.push(parsed.data);
    else Object.values(value).forEach(look);
  };
  try {
    look(fromYaml(text));
  } catch {
    // `readServeConfig` says what is wrong.
  }
  return found;
}

/** Anchors, merge keys, and notes of one's own in keys that begin with `x-`, as in other files of this kind. */
function fromYaml(text: string): unknown {
  let input: unknown;
  try {
    input = parse(text.replace(/^\uFEFF/, ''), { merge: true });
  } catch (error) {
    const [line = 'it is not YAML'] = String(error instanceof Error ? error.message : error).split('\n');
    throw refused([line]);
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input;
  return Object.fromEntries(Object.entries(input).filter(([key]) => !key.startsWith('x-')));
}

/** What no single field shows. */
function problemsOf(config: FileConfig): string[] {
  const problems: string[] = [];
  const names = config.callers.map((caller) => caller.name);
  for (const name of new Set(names.filter((name, i) => names.indexOf(name) !== i))) {
    problems.push(`callers: there are two callers named ${name}`);
  }
  for (const { name, keys, secrets, read, write, callbackHosts } of config.callers) {
    if (keys.length + secrets.length === 0) problems.push(`caller ${name}: needs a key or a secret`);
    if (callbackHosts.length > 0 && secrets.length === 0)
      problems.push(`caller ${name}: callbacks need a secret to be signed with`);
    for (const area of [...read, ...write]) {
      const [used = ''] = area.split(':', 1);
      if (!Object.hasOwn(config.stores, used)) problems.push(`caller ${name}: there is no store ${used} (in ${area})`);
    }
  }
  if (config.defaultStore !== undefined && !Object.hasOwn(config.stores, config.defaultStore)) {
    problems.push(`defaultStore: there is no store ${config.defaultStore}`);
  }
  return problems;
}

function rulesOf({ rules, defaultStore }: FileConfig, input: unknown, context: RulesContext): RuleSet {
  if (rules.length === 0) return { routes: [], addedMetadata: new Set() };
  const written = (input as { rules: unknown }).rules;
  return loadRules({ rules: written, store: defaultStore }, context);
}

export function isLoopback(host: string): boolean {
  return loopback.test(host);
}

function placeOf(path: readonly PropertyKey[]): string {
  return (
    path
      .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
      .join('')
      .replace(/^\./, '') || 'file'
  );
}

function refused(problems: string[]): GiveUp {
  return new GiveUp(
    'BadRequest',
    `The configuration cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
  );
}

/** JSON Schema (draft 2020-12) of the file, for editors. */
export function serveJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(schemaFor({}), { io: 'input' });
  return { $schema, title: 'object-ferry serve configuration', ...schema, patternProperties: { '^x-': {} } };
}
