/**
 * Profiles of `~/.ossutilconfig`: `[Credentials]` of ossutil 1, `[default]` and `[profile NAME]` of ossutil 2. The files are
 * INI, which the loader of the AWS SDK reads; that there are no quotes and that names of keys may be written in several
 * ways is a rule of ossutil.
 */
import { GiveUp } from '../copy/model/errors.ts';
import type { Env } from './places.ts';
import { isThere, placeOf } from './places.ts';
import type { Profile } from './profile.ts';
import { noSuchProfile } from './profile.ts';

/** One section, names of keys in lower case without separators: `accesskeyid`, `ramrolearn`. Holds secrets. */
export type OssutilSettings = Readonly<Record<string, string | undefined>>;

export interface OssutilProfile extends Profile {
  path: string;
  settings: OssutilSettings;
}

/**
 * The profile named, or the one that OSSUTIL_PROFILE names, or `default`; undefined when there is no `default`.
 *
 * @throws GiveUp BadRequest for a named profile that is not there; InvalidCredentials for a file that cannot be read.
 */
export async function readOssutilProfile(env: Env, named?: string): Promise<OssutilProfile | undefined> {
  const path = placeOf(env, 'OSSUTIL_CONFIG_FILE', '.ossutilconfig');
  const ofEnv = env['OSSUTIL_PROFILE'];
  const asked = named === undefined ? ofEnv && `OSSUTIL_PROFILE '${ofEnv}'` : `profile '${named}'`;
  const name = named ?? (ofEnv || 'default');
  const profiles = await load(path);
  const settings = profiles.get(name.toLowerCase());
  if (path === undefined || !settings) {
    if (!asked) return undefined;
    throw noSuchProfile(asked, path ?? '~/.ossutilconfig', [...profiles.keys()].sort());
  }
  return describe(name, path, inherited(profiles, name, settings));
}

/** By name in lower case. */
type Profiles = ReadonlyMap<string, OssutilSettings>;

async function load(path: string | undefined): Promise<Profiles> {
  if (!isThere(path)) return new Map();
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const files = await loadSharedConfigFiles({ filepath: path, configFilepath: path, ignoreCache: true });
  const profiles = new Map<string, OssutilSettings>();
  let ofVersion1: OssutilSettings | undefined;
  for (const [section, given] of Object.entries(files.credentialsFile)) {
    const settings = plain(given);
    const name = section.toLowerCase();
    if (name === 'credentials') ofVersion1 = settings;
    // Other sections (`[Bucket-Endpoint]`, `[AkService]`) are about something else.
    else if (name === 'default' || name.startsWith('profile.')) profiles.set(name.replace(/^profile\./, ''), settings);
  }
  // Both versions write the same file: a `[default]` of the second that says nothing of keys does not hide those of the first.
  if (ofVersion1 && !saysWho(profiles.get('default'))) profiles.set('default', ofVersion1);
  return profiles;
}

/** An empty value makes the loader put the next, indented ones below its name; ossutil knows no such thing. */
function plain(section: Readonly<Record<string, string | undefined>>): OssutilSettings {
  const entries = Object.entries(section).map(([key, value]) => [
    key
      .slice(key.lastIndexOf('.') + 1)
      .toLowerCase()
      .replace(/[-_]/g, ''),
    value,
  ]);
  return Object.fromEntries(entries) as OssutilSettings;
}

function saysWho(settings: OssutilSettings | undefined): boolean {
  return ['accesskeysecret', 'mode', 'sourceprofile'].some((key) => settings?.[key]);
}

/** What `source_profile` names is taken where the profile itself says nothing. */
function inherited(profiles: Profiles, name: string, settings: OssutilSettings): OssutilSettings {
  const seen = [name.toLowerCase()];
  let whole = settings;
  let source = settings['sourceprofile'];
  while (source) {
    const next = profiles.get(source.toLowerCase());
    if (!next || seen.includes(source.toLowerCase())) {
      const wrong = next ? 'which leads back to it' : 'which is not there';
      throw new GiveUp('BadRequest', `profile '${name}' has the source_profile '${source}', ${wrong}.`);
    }
    seen.push(source.toLowerCase());
    whole = { ...next, ...whole };
    source = next['sourceprofile'];
  }
  return whole;
}

function describe(name: string, path: string, settings: OssutilSettings): OssutilProfile {
  const style = settings['addressingstyle']?.toLowerCase();
  return {
    name,
    path,
    settings,
    endpoint: settings['endpoint'],
    region: settings['region'],
    addressing: style === 'path' || style === 'virtual' ? style : undefined,
    cname: style === 'cname' ? true : undefined,
  };
}
