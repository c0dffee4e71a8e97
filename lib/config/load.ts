/** The configuration whole: options, `ferry.yaml`, the environment, and what the vendors' own files say. */
import { GiveUp } from '../copy/model/errors.ts';
import type { StoreAddress } from '../copy/model/object.ts';
import { readAwsProfile } from '../profiles/aws.ts';
import {
  customerKeyReference,
  isReadableByOthers,
  noKeysInOss,
  readCustomerKey,
  withoutTls,
} from '../profiles/customer-key.ts';
import { readOssutilProfile } from '../profiles/ossutil.ts';
import type { Config, ConfigOptions, Env } from './env.ts';
import { readConfig } from './env.ts';
import { refuseBrokenValues, withoutLineEnds } from './environment.ts';
import type { ResolveStore, ServeConfig } from './file.ts';
import type { FoundProfile, Scheme, StoreOptions } from './store.ts';
import { addressOf, readStoreOrRefuse } from './store.ts';
import { withoutUndefined } from './values.ts';

export interface LoadOptions extends Omit<ConfigOptions, 'profiles'> {
  /** Of both vendors' files; absent: the one that the environment names, or `default`. */
  profile?: string;
}

/**
 * As `readConfig`, with `~/.aws/config`, `~/.aws/credentials` and `~/.ossutilconfig`. What is wrong with a profile is kept
 * as the store's `refusal`, for the other store may be all that is wanted.
 *
 * @throws GiveUp BadRequest as `readConfig`, and for variables whose value cannot be.
 */
export async function loadConfig(env: Env, { profile, ...options }: LoadOptions = {}): Promise<Config> {
  const clean = withoutLineEnds(env);
  refuseBrokenValues(clean);
  return readConfig(clean, { ...options, profiles: await findProfiles(clean, profile) });
}

/**
 * The same with a file of `ferry serve`: its stores are completed as the command line completes its own.
 *
 * @param text YAML; empty when there is no file.
 * @throws GiveUp BadRequest also for what is wrong in the file, by its place.
 */
export async function loadServeConfig(
  env: Env,
  text: string,
  { profile, ...options }: LoadOptions = {},
): Promise<{ config: Config; file: ServeConfig }> {
  // YAML and the schema of the file are loaded only where there may be one.
  const { readServeConfig, storesIn, variablesIn } = await import('./file.ts');
  const clean = withoutLineEnds(env);
  refuseBrokenValues(clean);
  const profiles = await findProfiles(clean, profile);
  const alsoKnown = [...(options.alsoKnown ?? []), ...variablesIn(text)];
  const config = readConfig(clean, { ...options, alsoKnown, profiles });
  const own = new Map<string, FoundProfile>();
  for (const { scheme, profile: name } of storesIn(text)) {
    if (name !== undefined) own.set(`${scheme} ${name}`, await findProfile(clean, scheme, name));
  }
  const named: (StoreOptions & { scheme: Scheme })[] = [];
  const resolve: ResolveStore = (given) => {
    const found = located(given);
    return { ...found, ...keysOf(given, found, clean) };
  };
  const located: ResolveStore = ({ scheme, endpoint, region, profile: name, role, requestPayer }) => {
    if (endpoint === undefined && region === undefined && name === undefined) {
      return { ...addressOf(config, scheme), ...withoutUndefined({ role, requestPayer }) } as StoreAddress;
    }
    const found = name === undefined ? profiles[scheme] : own.get(`${scheme} ${name}`);
    const store = readStoreOrRefuse(clean, scheme, withoutUndefined({ endpoint, region }), found);
    if (name !== undefined) named.push({ ...store, scheme });
    return {
      ...addressOf({ stores: { ...config.stores, [scheme]: store } }, scheme),
      ...withoutUndefined({ role, requestPayer }),
    } as StoreAddress;
  };
  const file = readServeConfig(text, env, resolve);
  return { config: { ...config, named }, file };
}

/**
 * The keys of the customer that a store names: each is read once, so that a missing one is said at start.
 * @throws GiveUp that names the variable or the file, never what is in it.
 */
function keysOf(
  { scheme, customerKeys }: StoreAddress,
  { endpoint }: StoreAddress,
  env: Env,
): Pick<StoreAddress, 'customerKeys'> {
  if (!customerKeys) return {};
  if (scheme === 'oss') throw new GiveUp('Unsupported', noKeysInOss);
  if (endpoint !== undefined && isReadableByOthers(endpoint)) throw withoutTls(endpoint);
  const seen = new Set<string>();
  return {
    customerKeys: customerKeys.map((rule) => {
      const objects = `s3://${rule.bucket ?? ''}/${rule.key}`;
      if (seen.has(objects)) throw new GiveUp('BadRequest', `customerKeys names ${objects} twice.`);
      seen.add(objects);
      const reference = customerKeyReference(rule.reference) ?? rule.reference;
      if (reference !== 'none') readCustomerKey(reference, env);
      return { ...rule, reference };
    }),
  };
}

async function findProfiles(env: Env, name: string | undefined): Promise<Record<Scheme, FoundProfile>> {
  const [oss, s3] = await Promise.all([findProfile(env, 'oss', name), findProfile(env, 's3', name)]);
  return { oss, s3 };
}

/** Never throws what the user can mend: it stands in the answer. */
async function findProfile(env: Env, scheme: Scheme, name?: string): Promise<FoundProfile> {
  const named = name !== undefined;
  try {
    const profile = await (scheme === 's3' ? readAwsProfile(env, name) : readOssutilProfile(env, name));
    return { profile, named };
  } catch (error) {
    if (error instanceof GiveUp) return { named, refusal: error };
    throw error;
  }
}
