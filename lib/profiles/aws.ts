/** Profiles of `~/.aws/config` and `~/.aws/credentials`, read by the loader of the AWS SDK. */
import { GiveUp } from '../copy/model/errors.ts';
import type { Env } from './places.ts';
import { isThere, placeOf } from './places.ts';
import type { Profile } from './profile.ts';
import { flagOf, noSuchProfile } from './profile.ts';

/** An existing path that holds nothing, for a user without a home: the loader would look for one and fail. */
const nothing = '/dev/null';

export interface AwsFiles {
  configFilepath: string;
  /** The credentials file, as the SDK calls it. */
  filepath: string;
}

export function awsFiles(env: Env): AwsFiles {
  return {
    configFilepath: placeOf(env, 'AWS_CONFIG_FILE', '.aws', 'config') ?? nothing,
    filepath: placeOf(env, 'AWS_SHARED_CREDENTIALS_FILE', '.aws', 'credentials') ?? nothing,
  };
}

/** The profile that the environment names, and the variable that does. */
export function awsProfileOfEnv(env: Env): { name: string; variable: string } | undefined {
  const variable = ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE'].find((candidate) => env[candidate]);
  return variable === undefined ? undefined : { name: env[variable] ?? '', variable };
}

/**
 * The profile named, or the one that the environment names, or `default`; undefined when there is no `default`. Without
 * files nothing of the SDK is loaded.
 *
 * @throws GiveUp BadRequest for a named profile that is not there, or a value that cannot be; InvalidCredentials for a file
 *   that cannot be read.
 */
export async function readAwsProfile(env: Env, named?: string): Promise<Profile | undefined> {
  const files = awsFiles(env);
  const ofEnv = awsProfileOfEnv(env);
  const asked = named === undefined ? ofEnv && `${ofEnv.variable} '${ofEnv.name}'` : `profile '${named}'`;
  const name = named ?? ofEnv?.name ?? 'default';
  const { configFile, credentialsFile } = await load(files);
  const settings = own(configFile, name);
  const keys = own(credentialsFile, name);
  if (!settings && !keys) {
    if (asked === undefined) return undefined;
    const where = `${files.configFilepath} and ${files.filepath}`;
    throw noSuchProfile(asked, where, namesIn(configFile, credentialsFile));
  }
  return describe(name, { ...keys, ...settings }, configFile, files.configFilepath);
}

type Section = Readonly<Record<string, string | undefined>>;
type Sections = Readonly<Record<string, Section | undefined>>;

async function load(files: AwsFiles): Promise<{ configFile: Sections; credentialsFile: Sections }> {
  const found = Object.values(files).filter((path) => path !== nothing && isThere(path));
  if (found.length === 0) return { configFile: {}, credentialsFile: {} };
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  return await loadSharedConfigFiles({ ...files, ignoreCache: true });
}

function own(sections: Sections, name: string): Section | undefined {
  return Object.hasOwn(sections, name) ? sections[name] : undefined;
}

/** Sections of other kinds keep their kind in front in the config file. */
function namesIn(configFile: Sections, credentialsFile: Sections): string[] {
  const profiles = Object.keys(configFile).filter((name) => !/^(services|sso-session)\./.test(name));
  return [...new Set([...profiles, ...Object.keys(credentialsFile)])].sort();
}

function describe(name: string, settings: Section, configFile: Sections, path: string): Profile {
  const flag = (key: string) => flagOf(settings[key], `${key} of profile '${name}'`);
  const style = settings['s3.addressing_style'];
  return {
    name,
    endpoint: endpointOf(name, settings, configFile, path),
    region: settings['region'],
    addressing: style === 'path' || style === 'virtual' ? style : undefined,
    fips: flag('use_fips_endpoint'),
    dualStack: flag('use_dualstack_endpoint') ?? flag('s3.use_dualstack_endpoint'),
    ignoresEndpoints: flag('ignore_configured_endpoint_urls'),
    caBundle: settings['ca_bundle'],
  };
}

/** Of the services section for S3, else of the profile. */
function endpointOf(name: string, settings: Section, configFile: Sections, path: string): string | undefined {
  const { services } = settings;
  if (services === undefined) return settings['endpoint_url'];
  const section = own(configFile, `services.${services}`);
  if (!section) {
    throw new GiveUp('BadRequest', `profile '${name}' names [services ${services}], which is not in ${path}.`);
  }
  return section['s3.endpoint_url'] ?? settings['endpoint_url'];
}

/**
 * Where calls of the security token service go, so that the keys of a profile go nowhere else; undefined for AWS's own.
 * @param named the profile, if the user has named it; it goes before the environment.
 */
export async function stsEndpoint(env: Env, named?: string): Promise<string | undefined> {
  const { configFile, credentialsFile } = await load(awsFiles(env));
  const name = named ?? awsProfileOfEnv(env)?.name ?? 'default';
  const settings = { ...own(credentialsFile, name), ...own(configFile, name) };
  const ignores =
    flagOf(env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'], 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS') ??
    flagOf(settings['ignore_configured_endpoint_urls'], `ignore_configured_endpoint_urls of profile '${name}'`);
  if (ignores) return undefined;
  const section = own(configFile, `services.${settings['services'] ?? ''}`);
  const ofProfile = section?.['sts.endpoint_url'] ?? settings['endpoint_url'];
  const ofEnv = env['AWS_ENDPOINT_URL_STS'] || env['AWS_ENDPOINT_URL'] || undefined;
  return named === undefined ? (ofEnv ?? ofProfile) : (ofProfile ?? ofEnv);
}
