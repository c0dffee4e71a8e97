import * as z from 'zod/mini';
import { GiveUp } from '../copy/model/errors.ts';
import type { StoreAddress } from '../copy/model/object.ts';
import type { Settings } from '../copy/model/settings.ts';
import { defaultSettings } from '../copy/model/settings.ts';
import { asBoolean, check, parseSize, parseWhole, withoutUndefined } from './values.ts';

export { parseSize };

export type Scheme = StoreAddress['scheme'];

/** How to reach the stores of one scheme; holds no secret. */
export interface StoreOptions {
  /** Base URL; absent means the vendor's own endpoint. */
  endpoint?: string;
  region?: string;
  addressing: 'auto' | 'virtual' | 'path';
  /** The endpoint is a custom domain bound to one bucket. */
  cname: boolean;
  /** Use the vendor's endpoint inside its own network. */
  internal: boolean;
}

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface Config {
  /** Folder that keeps state. */
  home: string;
  logLevel: LogLevel;
  stores: Record<Scheme, StoreOptions>;
  settings: Settings;
}

/** What the command line, or a caller, says; it goes before the environment. */
export interface ConfigOptions {
  home?: string;
  logLevel?: LogLevel;
  stores?: Partial<Record<Scheme, Partial<StoreOptions>>>;
  settings?: Partial<Settings>;
  /** `FERRY_` variables that other parts of the program read. */
  alsoKnown?: readonly string[];
}

export type Env = Readonly<Record<string, string | undefined>>;

const GiB = 1024 ** 3;
/** S3: 5 GiB a part and a CopyObject; OSS: 5 GB, which its client refuses on its own. */
const largestPart = 5 * GiB;

const wholeNumber = (from: number, to = Number.MAX_SAFE_INTEGER) => z.int().check(z.gte(from), z.lte(to));
const sizes: readonly (keyof Settings)[] = ['directMax', 'directOtherBucketMax', 'partSizeMin', 'partSizeMax'];

const settingsSchema = z.strictObject({
  concurrency: wholeNumber(1, 1_000),
  directMax: wholeNumber(0),
  directOtherBucketMax: wholeNumber(0, largestPart),
  directTimeoutMs: wholeNumber(1),
  partSizeMin: wholeNumber(100 * 1024, largestPart),
  partSizeMax: wholeNumber(100 * 1024, largestPart),
  tasksPerWorker: wholeNumber(1, 1_000),
  partsPerTaskMax: wholeNumber(1, 10_000),
  staleMs: wholeNumber(1_000),
  leaseMs: wholeNumber(1_000),
  partReserveMs: wholeNumber(0),
  maxRestarts: wholeNumber(0, 1_000),
  orphanGraceMs: wholeNumber(0),
  maxAttempts: wholeNumber(1, 1_000),
  keepMs: wholeNumber(0),
  batchRequestsPerSecond: wholeNumber(0),
  batchCheckRows: wholeNumber(1, 10_000_000),
} satisfies Record<keyof Settings, unknown>);

const storeSchema = z.strictObject({
  endpoint: z.optional(z.string()),
  region: z.optional(z.string().check(z.regex(/^[A-Za-z0-9-]+$/, 'expected a region name such as cn-hangzhou'))),
  addressing: z.enum(['auto', 'virtual', 'path']),
  cname: z.boolean(),
  internal: z.boolean(),
});

/** Where a value came from, for messages: the key as the user wrote it. */
type Origins = Record<string, string>;

/**
 * Reads the environment and the options, once, and checks them as a whole. Empty variables count as absent. Sizes may carry
 * a unit (`64MiB`, `1GB`), times are milliseconds.
 *
 * @throws GiveUp BadRequest that names the key: an unknown `FERRY_` variable, a value that is none, values that contradict
 *   each other.
 */
export function readConfig(env: Env, options: ConfigOptions = {}): Config {
  const get = (...names: string[]): [name: string, value: string] | undefined => {
    for (const name of names) {
      const value = env[name];
      if (value !== undefined && value !== '') return [name, value];
    }
    return undefined;
  };
  refuseUnknown(env, options.alsoKnown ?? []);
  const level = options.logLevel ?? get('FERRY_LOG_LEVEL')?.[1] ?? 'info';
  return {
    home: options.home ?? get('FERRY_HOME')?.[1] ?? '.ferry',
    logLevel: check(z.enum(logLevels), level, () => 'FERRY_LOG_LEVEL'),
    stores: {
      oss: readStore(get, 'oss', options, { endpoint: ['OSS_ENDPOINT'], region: ['OSS_REGION'] }),
      s3: readStore(get, 's3', options, {
        endpoint: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'],
        region: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
      }),
    },
    settings: readSettings(get, options.settings ?? {}),
  };
}

/** The address of a scheme's store, as requests and job rows carry it. */
export function addressOf(config: Config, scheme: Scheme): StoreAddress {
  const { endpoint, region } = config.stores[scheme];
  return { scheme, ...(endpoint !== undefined && { endpoint }), ...(region !== undefined && { region }) };
}

type Get = (...names: string[]) => [name: string, value: string] | undefined;

/** `partSizeMin` is `FERRY_PART_SIZE_MIN`. */
function variableOf(key: string): string {
  return `FERRY_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function refuseUnknown(env: Env, alsoKnown: readonly string[]): void {
  const known = new Set([
    'FERRY_HOME',
    'FERRY_LOG_LEVEL',
    ...['OSS', 'S3'].flatMap((scheme) => ['ADDRESSING', 'CNAME', 'INTERNAL'].map((name) => `FERRY_${scheme}_${name}`)),
    ...Object.keys(defaultSettings).map(variableOf),
    ...alsoKnown,
  ]);
  const unknown = Object.keys(env).find((name) => name.startsWith('FERRY_') && !known.has(name));
  if (unknown === undefined) return;
  throw new GiveUp('BadRequest', `Unknown setting ${unknown}. Known settings: ${[...known].toSorted().join(', ')}.`);
}

function readStore(
  get: Get,
  scheme: Scheme,
  options: ConfigOptions,
  names: { endpoint: string[]; region: string[] },
): StoreOptions {
  const own = (name: string) => `FERRY_${scheme.toUpperCase()}_${name}`;
  const found = {
    endpoint: get(...names.endpoint),
    region: get(...names.region),
    addressing: get(own('ADDRESSING')),
    cname: get(own('CNAME')),
    internal: get(own('INTERNAL')),
  };
  const origins: Origins = Object.fromEntries(
    Object.entries(found).flatMap(([key, hit]) => (hit ? [[key, hit[0]]] : [])),
  );
  const given = withoutUndefined(options.stores?.[scheme] ?? {});
  const values = {
    endpoint: found.endpoint && asUrl(found.endpoint[1]),
    region: found.region?.[1],
    addressing: found.addressing?.[1] ?? 'auto',
    cname: asBoolean(found.cname?.[1]),
    internal: asBoolean(found.internal?.[1]),
    ...given,
  };
  const nameOf = (key: string) => (key in given ? `${scheme} ${key}` : (origins[key] ?? key));
  const store = check(storeSchema, withoutUndefined(values), nameOf);
  if (store.endpoint !== undefined) refuseBadEndpoint(store.endpoint, nameOf('endpoint'));
  return store;
}

/** OSS users write the bare host name, as the console shows it. */
function asUrl(endpoint: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`;
}

function refuseBadEndpoint(endpoint: string, name: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const good = url && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '';
  // The value is not repeated: a URL may hold a password.
  if (!good)
    throw new GiveUp(
      'BadRequest',
      `${name} is no endpoint: write http:// or https:// and a host, no user, query or fragment.`,
    );
}

function readSettings(get: Get, given: Partial<Settings>): Settings {
  const overrides = withoutUndefined(given);
  const values: Record<string, unknown> = { ...defaultSettings };
  const origins: Origins = {};
  for (const key of Object.keys(defaultSettings) as (keyof Settings)[]) {
    const hit = get(variableOf(key));
    if (!hit) continue;
    values[key] = sizes.includes(key) ? parseSize(hit[1]) : parseWhole(hit[1]);
    origins[key] = hit[0];
  }
  const nameOf = (key: string) => (key in overrides ? key : (origins[key] ?? key));
  const settings = check(settingsSchema, { ...values, ...overrides }, nameOf);
  if (settings.partSizeMin > settings.partSizeMax) {
    throw new GiveUp(
      'BadRequest',
      `${nameOf('partSizeMin')} (${settings.partSizeMin}) is larger than ${nameOf('partSizeMax')} (${settings.partSizeMax}).`,
    );
  }
  return settings;
}
