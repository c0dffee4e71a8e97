/** One small world, drawn from the seed: a store, objects in it, what is asked of us, and how bad the day is. */
import type { StoreAddress } from '../../lib/copy/model/object.ts';
import type { CopyOptions, CopyRequest, Mode } from '../../lib/copy/model/request.ts';
import type { Settings } from '../../lib/copy/model/settings.ts';
import { defaultSettings } from '../../lib/copy/model/settings.ts';
import type { Profile } from './faults.ts';
import { drawProfile } from './faults.ts';
import type { Dialect } from './model/dialect.ts';
import { drawDialect, MiB } from './model/dialect.ts';
import type { Random } from './random.ts';
import type { RulesScenario } from './rules.ts';
import { drawRules } from './rules.ts';

const second = 1000;
const minute = 60 * second;

/** How a request reaches us: as a message, or by a client who calls, waits for the answer and may ask again. */
export interface Asked {
  request: CopyRequest;
  via: 'task' | 'client';
  /** Milliseconds after the start. */
  at: number;
}

export interface Scenario {
  address: StoreAddress;
  dialect: Dialect;
  profile: Profile;
  settings: Settings;
  asked: Asked[];
  /** Replication rules instead of requests. */
  rules?: RulesScenario;
  /** Keys that `replicate` follows: every write of one sends an event. */
  followed: boolean;
  /** Writes to followed sources by their owner, milliseconds after the start. */
  ownerWrites: number[];
  invocationMs: number;
  visibilityMs: number;
  killAtDeadline: boolean;
  sweepEveryMs: number;
  skewMs: number;
  lateMs: number;
  stallMs: number;
  /** Chance that a message gets a copy, and that it comes late. */
  duplicates: number;
  /** The latest a message may come; may be after its row has expired. */
  queueLateMs: number;
  /** Largest page of ListParts. */
  listLimit: number;
  /** Faults stop here. */
  activeMs: number;
  /** By then everything must have come to rest. */
  restMs: number;
}

export const sourceBucket = 'photos';
export const otherBucket = 'backup';

export function drawScenario(random: Random): Scenario {
  const profile = drawProfile(random);
  const calm = profile.weather === 'calm';
  const dialect = drawDialect(random);
  const scheme = dialect.facts.scheme;
  const mode = drawMode(random);
  const address: StoreAddress = { scheme, region: 'model-1' };
  const asked: Asked[] = [];
  const rules = random.chance(0.25) ? drawRules(random, address, calm) : undefined;
  const requests = rules ? 0 : calm || random.chance(0.6) ? 1 : 2;
  for (let i = 0; i < requests; i++)
    asked.push(drawAsked(random, address, dialect, i === 0 ? mode : drawMode(random), i, calm));
  const followed = asked.some(({ request }) => request.mode === 'replicate');
  const invocationMs = calm ? 5 * minute : random.pick([15 * second, 40 * second, 5 * minute]);
  return {
    address,
    dialect,
    profile,
    settings: drawSettings(random),
    asked,
    rules,
    followed,
    ownerWrites: followed && !calm ? Array.from({ length: random.below(4) }, () => random.next() * 10 * second) : [],
    invocationMs,
    visibilityMs: invocationMs * (calm ? 2 : random.pick([1.2, 1.2, 0.3])),
    killAtDeadline: random.chance(0.7),
    sweepEveryMs: random.pick([10 * second, 30 * second]),
    skewMs: calm ? 0 : random.pick([0, 0, 2 * second]),
    lateMs: random.pick([5, 60, 150]) * second,
    stallMs: random.pick([15 * second, 60 * second]),
    duplicates: calm ? 0 : random.pick([0, 0.05, 0.4]),
    queueLateMs: random.pick([5 * second, minute, 15 * minute]),
    listLimit: random.pick([1000, 1000, 3]),
    activeMs: 5 * minute,
    restMs: 40 * minute,
  };
}

function drawMode(random: Random): Mode {
  const dice = random.next();
  return dice < 0.3 ? 'copy' : dice < 0.57 ? 'rename' : dice < 0.86 ? 'replicate' : 'metadata';
}

function drawAsked(
  random: Random,
  address: StoreAddress,
  dialect: Dialect,
  mode: Mode,
  i: number,
  calm: boolean,
): Asked {
  const key = random.chance(0.7) ? 'a' : 'b';
  const source = { bucket: sourceBucket, key };
  const bucket = random.chance(0.75) ? otherBucket : sourceBucket;
  const destination = mode === 'metadata' ? source : { bucket, key: `copy-of-${random.chance(0.8) ? key : 'any'}` };
  const request: CopyRequest = {
    mode,
    store: address,
    source,
    destination,
    options: drawOptions(random, dialect, mode),
  };
  if (random.chance(0.3)) request.idempotencyKey = `ask-${i}`;
  const via = mode !== 'replicate' && random.chance(0.4) ? 'client' : 'task';
  if (via === 'client' || random.chance(0.3)) request.journal = true;
  if (mode === 'replicate') request.options = { ...request.options, overwrite: undefined };
  return { request, via, at: calm ? 0 : random.next() * 5 * second };
}

function drawOptions(random: Random, dialect: Dialect, mode: Mode): CopyOptions {
  const { scheme } = dialect.facts;
  const options: CopyOptions = {};
  if (random.chance(0.15)) options.storageClass = scheme === 'oss' ? 'IA' : 'STANDARD_IA';
  if (random.chance(0.15))
    options.encryption = { algorithm: random.pick(['AES256', scheme === 'oss' ? 'KMS' : 'aws:kms']) };
  if (random.chance(0.15)) options.acl = random.pick(['keep', 'public-read']);
  if (mode === 'metadata' || random.chance(0.1)) {
    options.metadata = {
      base: random.pick(['merge', 'replace']),
      set: { colour: 'blue' },
      content: { cacheControl: 'no-cache' },
    };
    if (random.chance(0.4)) options.metadata.remove = ['owner'];
  }
  if (random.chance(0.15)) options.tags = { base: random.pick(['merge', 'replace']), set: { kept: 'yes' } };
  if (mode !== 'metadata' && random.chance(0.25)) options.overwrite = random.pick(['never', 'never', 'if-different']);
  else if (mode === 'rename' && random.chance(0.5)) options.overwrite = 'always';
  if (random.chance(0.1)) options.verify = 'size';
  if (random.chance(0.2)) options.partSize = random.pick([6, 9, 16]) * MiB;
  if (mode === 'replicate' && random.chance(0.3)) options.followDelete = true;
  if (random.chance(0.2)) options.concurrency = 1 + random.below(6);
  return options;
}

function drawSettings(random: Random): Settings {
  return {
    ...defaultSettings,
    concurrency: random.pick([1, 2, 4, 8]),
    directMax: 24 * MiB,
    directOtherBucketMax: 24 * MiB,
    partSizeMin: random.pick([8, 12]) * MiB,
    partSizeMax: 24 * MiB,
    tasksPerWorker: random.pick([1, 2, 4]),
    partsPerTaskMax: random.pick([1, 3, 100]),
    staleMs: 30 * second,
    leaseMs: 15 * second,
    partReserveMs: 3 * second,
    directTimeoutMs: random.pick([5, 30]) * second,
    orphanGraceMs: 4 * minute,
    keepMs: random.pick([8 * minute, 60 * minute]),
  };
}

/** Bytes: empty, small, around the limits, and enough for a dozen parts. */
export function drawSize(random: Random): number {
  const dice = random.next();
  if (dice < 0.05) return 0;
  if (dice < 0.3) return 1 + random.below(20 * MiB);
  if (dice < 0.38) return 24 * MiB + random.below(2);
  return 25 * MiB + random.below(random.pick([20, 60, 80]) * MiB);
}
