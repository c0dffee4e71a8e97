import * as z from 'zod/mini';
import { GiveUp } from '../copy/model/errors.ts';
import type { Settings } from '../copy/model/settings.ts';
import { defaultSettings } from '../copy/model/settings.ts';
import type { Env } from '../profiles/places.ts';
import type { FoundProfile, Scheme, StoreOptions } from './store.ts';
import { readStoreOrRefuse } from './store.ts';
import type { Get, Origins } from './values.ts';
import { check, getterOf, parseSize, parseWhole, withoutUndefined } from './values.ts';

export { addressOf, optionsFor } from './store.ts';
export type { Scheme, StoreOptions } from './store.ts';
export type { Env };
export { parseSize };

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface Config {
  /** Folder that keeps state. */
  home: string;
  logLevel: LogLevel;
  stores: Record<Scheme, StoreOptions>;
  /** Stores of `ferry.yaml` that name a profile, which says how to reach them. */
  named?: readonly (StoreOptions & { scheme: Scheme })[];
  settings: Settings;
}

/** What the command line, or a caller, says; it goes before the environment. */
export interface ConfigOptions {
  home?: string;
  logLevel?: LogLevel;
  stores?: Partial<Record<Scheme, Partial<StoreOptions>>>;
  settings?: Partial<Settings>;
  /** What the vendors' files say, by scheme; `loadConfig` reads them. */
  profiles?: Partial<Record<Scheme, FoundProfile>>;
  /** `FERRY_` variables that other parts of the program read. */
  alsoKnown?: readonly string[];
}

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
  restoreLookMs: wholeNumber(1),
  restoreWaitMs: wholeNumber(0),
  keepMs: wholeNumber(0),
  batchRequestsPerSecond: wholeNumber(0),
  batchCheckRows: wholeNumber(1, 10_000_000),
} satisfies Record<keyof Settings, unknown>);

/**
 * Reads the environment and the options, once, and checks them as a whole. Empty variables count as absent. Sizes may carry
 * a unit (`64MiB`, `1GB`), times are milliseconds.
 *
 * @throws GiveUp BadRequest that names the key: an unknown `FERRY_` variable, a value that is none, values that contradict
 *   each other.
 */
export function readConfig(env: Env, options: ConfigOptions = {}): Config {
  const get = getterOf(env);
  refuseUnknown(env, options.alsoKnown ?? []);
  const storeOf = (scheme: Scheme) =>
    readStoreOrRefuse(env, scheme, options.stores?.[scheme], options.profiles?.[scheme]);
  const level = options.logLevel ?? get('FERRY_LOG_LEVEL')?.[1] ?? 'info';
  return {
    home: options.home ?? get('FERRY_HOME')?.[1] ?? '.ferry',
    logLevel: check(z.enum(logLevels), level, () => 'FERRY_LOG_LEVEL'),
    stores: {
      oss: storeOf('oss'),
      s3: storeOf('s3'),
    },
    settings: readSettings(get, options.settings ?? {}),
  };
}

/** `partSizeMin` is `FERRY_PART_SIZE_MIN`. */
function variableOf(key: string): string {
  return `FERRY_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** What Kubernetes sets in every pod for a service that is named `ferry`. */
const ofKubernetes = /^FERRY_(?:SERVICE_(?:HOST|PORT)(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_[A-Z]+)?)?)$/;

function refuseUnknown(env: Env, alsoKnown: readonly string[]): void {
  const known = new Set([
    'FERRY_HOME',
    'FERRY_LOG_LEVEL',
    ...['OSS', 'S3'].flatMap((scheme) => ['ADDRESSING', 'CNAME', 'INTERNAL'].map((name) => `FERRY_${scheme}_${name}`)),
    ...Object.keys(defaultSettings).map(variableOf),
    ...alsoKnown,
  ]);
  const unknown = Object.keys(env).find(
    (name) => name.startsWith('FERRY_') && !known.has(name) && !ofKubernetes.test(name),
  );
  if (unknown === undefined) return;
  throw new GiveUp('BadRequest', `Unknown setting ${unknown}. Known settings: ${[...known].toSorted().join(', ')}.`);
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
