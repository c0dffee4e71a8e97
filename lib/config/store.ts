/** How to reach the stores of one scheme: from the options, a profile and the environment. */
import * as z from 'zod/mini';
import { asUrl, namesRegion, wrongEndpoint } from '../keys/endpoint.ts';
import { GiveUp } from '../copy/model/errors.ts';
import type { StoreAddress } from '../copy/model/object.ts';
import type { Env } from '../profiles/places.ts';
import type { Profile } from '../profiles/profile.ts';
import { flagOf } from '../profiles/profile.ts';
import type { Get, Origins } from './values.ts';
import { asBoolean, check, getterOf, withoutUndefined } from './values.ts';

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
  /** Whose keys; absent: those that the environment leads to. */
  profile?: string;
  /** Certificate authorities to trust in place of the system's: path of a PEM file. */
  caBundle?: string;
  /** Every request says that its sender pays. */
  requestPayer?: 'requester';
  /** Why this store cannot be used; thrown by the first use, for another scheme may be all that is wanted. */
  refusal?: GiveUp;
}

/** What the vendor's files say. */
export interface FoundProfile {
  profile?: Profile;
  /** The user has named it by `--profile` or in `ferry.yaml`, so it goes before the environment. */
  named: boolean;
  refusal?: GiveUp;
}

const storeSchema = z.strictObject({
  endpoint: z.optional(z.string()),
  region: z.optional(z.string().check(z.regex(/^[A-Za-z0-9-]+$/, 'expected a region name such as cn-hangzhou'))),
  addressing: z.enum(['auto', 'virtual', 'path']),
  cname: z.boolean(),
  internal: z.boolean(),
});

const variables: Record<Scheme, { endpoint: string[]; region: string[] }> = {
  oss: { endpoint: ['OSS_ENDPOINT'], region: ['OSS_REGION'] },
  s3: { endpoint: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'], region: ['AWS_REGION', 'AWS_DEFAULT_REGION'] },
};

/** One place that may say where the store is, and its words for the two. */
interface Source {
  endpoint?: string;
  region?: string;
  names: { endpoint: string; region: string };
}

/**
 * Each value from the first place that has it: the options, a profile that they name, the environment, the profile that the
 * environment names (or `default`). A named profile goes before the environment, so that its keys go to its own endpoint.
 *
 * @throws GiveUp BadRequest that names the variable or option whose value cannot be.
 */
export function readStore(
  env: Env,
  scheme: Scheme,
  given: Partial<StoreOptions> = {},
  { profile, named, refusal }: FoundProfile = { named: false },
): StoreOptions {
  const get = getterOf(env);
  const ofProfile = profile ? [sourceOfProfile(profile)] : [];
  const ofEnv = sourceOfEnv(get, scheme);
  const sources = [
    { ...given, names: { endpoint: `${scheme} endpoint`, region: `${scheme} region` } },
    ...(named ? [...ofProfile, ofEnv] : [ofEnv, ...ofProfile]),
  ];
  const ignoresEndpoints = scheme === 's3' && ignoresConfigured(get, profile);
  const at = sources.findIndex(({ endpoint }, place) => endpoint !== undefined && (place === 0 || !ignoresEndpoints));
  const source = sources[at];
  const ends = source?.endpoint !== undefined && isUsable(source.endpoint) && namesRegion(source.endpoint);
  // A host of the vendor's that names its region is not signed for one that a less exact place names.
  const region = (ends ? sources.slice(0, at + 1) : sources).find((place) => place.region !== undefined);
  const own = (name: string) => get(`FERRY_${scheme.toUpperCase()}_${name}`);
  const [addressing, cname, internal] = [own('ADDRESSING'), own('CNAME'), own('INTERNAL')];
  const origins: Origins = {
    endpoint: source?.names.endpoint ?? 'endpoint',
    region: region?.names.region ?? 'region',
    addressing: addressing?.[0] ?? `${scheme} addressing`,
    cname: cname?.[0] ?? `${scheme} cname`,
    internal: internal?.[0] ?? `${scheme} internal`,
  };
  const values = {
    endpoint: source?.endpoint,
    region: region?.region,
    addressing: given.addressing ?? addressing?.[1] ?? profile?.addressing ?? 'auto',
    cname: given.cname ?? (cname ? asBoolean(cname[1]) : (profile?.cname ?? false)),
    internal: given.internal ?? asBoolean(internal?.[1]),
  };
  const store = check(storeSchema, withoutUndefined(values), (key) => origins[key] ?? key);
  const endpoint = endpointOf(store, origins['endpoint'] ?? '') ?? amazonVariant(get, scheme, store.region, profile);
  refuseOtherThanFips(get, scheme, store.endpoint, profile);
  return withoutUndefined({
    ...store,
    endpoint,
    profile: profile && (named || keysComeFrom(get, scheme, profile)) ? profile.name : undefined,
    requestPayer: given.requestPayer,
    caBundle: scheme === 's3' ? (get('AWS_CA_BUNDLE')?.[1] ?? profile?.caBundle) : undefined,
    refusal,
  }) as StoreOptions;
}

/** As `readStore`; what is wrong with the profile becomes the store's refusal. @throws GiveUp BadRequest as that does. */
export function readStoreOrRefuse(
  env: Env,
  scheme: Scheme,
  given?: Partial<StoreOptions>,
  found?: FoundProfile,
): StoreOptions {
  try {
    return readStore(env, scheme, given, found);
  } catch (refusal) {
    if (!found?.profile || !(refusal instanceof GiveUp)) throw refusal;
    return { ...readStore(env, scheme, given), refusal };
  }
}

/**
 * The address of a scheme's store, as requests and job rows carry it.
 * @throws GiveUp when the profile that the user asks for cannot be used.
 */
export function addressOf(config: { stores: Record<Scheme, StoreOptions> }, scheme: Scheme): StoreAddress {
  const { endpoint, region, profile, requestPayer, refusal } = config.stores[scheme];
  if (refusal) throw refusal;
  return withoutUndefined({ scheme, endpoint, region, profile, requestPayer }) as StoreAddress;
}

/** How to reach the store at an address: as its profile says, where `ferry.yaml` names one for it. */
export function optionsFor(
  config: { stores: Record<Scheme, StoreOptions>; named?: readonly (StoreOptions & { scheme: Scheme })[] } | undefined,
  { scheme, profile }: StoreAddress,
): StoreOptions | undefined {
  const own = config?.named?.find((store) => store.scheme === scheme && store.profile === profile);
  return own ?? config?.stores[scheme];
}

function sourceOfEnv(get: Get, scheme: Scheme): Source {
  const endpoint = get(...variables[scheme].endpoint);
  const region = get(...variables[scheme].region);
  return {
    endpoint: endpoint?.[1],
    region: region?.[1],
    names: { endpoint: endpoint?.[0] ?? '', region: region?.[0] ?? '' },
  };
}

function sourceOfProfile({ name, endpoint, region }: Profile): Source {
  const names = { endpoint: `endpoint of profile '${name}'`, region: `region of profile '${name}'` };
  return { endpoint, region, names };
}

function ignoresConfigured(get: Get, profile: Profile | undefined): boolean {
  const [name = '', value] = get('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS') ?? [];
  return flagOf(value, name) ?? profile?.ignoresEndpoints ?? false;
}

function isUsable(endpoint: string): boolean {
  return wrongEndpoint(endpoint) === undefined;
}

function endpointOf({ endpoint }: { endpoint?: string }, name: string): string | undefined {
  if (endpoint === undefined) return undefined;
  const wrong = wrongEndpoint(endpoint);
  if (wrong !== undefined) throw new GiveUp('BadRequest', `${name} is no endpoint: ${wrong}.`);
  return asUrl(endpoint);
}

function variantOf(get: Get, profile: Profile | undefined): { fips: boolean; dualStack: boolean } {
  const flag = (variable: string) => flagOf(get(variable)?.[1], variable);
  return {
    fips: flag('AWS_USE_FIPS_ENDPOINT') ?? profile?.fips ?? false,
    dualStack: flag('AWS_USE_DUALSTACK_ENDPOINT') ?? profile?.dualStack ?? false,
  };
}

/** Amazon's own endpoint for the region in one of its variants; undefined for the usual one. */
function amazonVariant(get: Get, scheme: Scheme, region = 'us-east-1', profile?: Profile): string | undefined {
  if (scheme !== 's3') return undefined;
  const { fips, dualStack } = variantOf(get, profile);
  if (!fips && !dualStack) return undefined;
  const china = region.startsWith('cn-') ? '.cn' : '';
  return `https://s3${fips ? '-fips' : ''}.${dualStack ? 'dualstack.' : ''}${region}.amazonaws.com${china}`;
}

/** A user who asks for FIPS 140 is not sent elsewhere in silence; Amazon's own tools refuse this too. */
function refuseOtherThanFips(get: Get, scheme: Scheme, endpoint: string | undefined, profile?: Profile): void {
  if (scheme !== 's3' || endpoint === undefined || !variantOf(get, profile).fips) return;
  if (new URL(asUrl(endpoint)).hostname.includes('fips')) return;
  throw new GiveUp(
    'BadRequest',
    'use_fips_endpoint (AWS_USE_FIPS_ENDPOINT) asks for the FIPS endpoint of Amazon, and another endpoint is set; drop one of them.',
  );
}

/** Whether the keys are the profile's: for S3 a profile goes before keys in the environment, as in the AWS SDK; for OSS after them, as in ossutil. */
function keysComeFrom(get: Get, scheme: Scheme, { name }: Profile): boolean {
  if (name === 'default') return false;
  return scheme === 's3' || get('OSS_ACCESS_KEY_ID') === undefined;
}
