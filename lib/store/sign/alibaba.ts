/** Credentials for OSS: the environment, the profiles of ossutil, and Alibaba Cloud's own chain. */
import { GiveUp } from '../../copy/model/errors.ts';
import type { OssutilProfile } from '../../profiles/ossutil.ts';
import { readOssutilProfile } from '../../profiles/ossutil.ts';
import type { Credentials, CredentialsPlace, CredentialsProvider } from './key-pair.ts';
import { margin, pairOf, plain } from './key-pair.ts';

/** The provider renews by itself and does not tell when; asking it this often costs nothing. Milliseconds. */
const shortLife = margin + 60_000;

/** A provider of Alibaba Cloud's package. */
interface Provider {
  getCredentials(): Promise<{ accessKeyId: string; accessKeySecret: string; securityToken?: string }>;
}

export function ossFinder({ env, profile, role }: CredentialsPlace): CredentialsProvider {
  const envPair = () => pairOf(env, 'OSS_ACCESS_KEY_ID', 'OSS_ACCESS_KEY_SECRET', 'OSS_SESSION_TOKEN');
  let provider: Provider | undefined;
  const find: CredentialsProvider = async (options) => {
    const pair = profile === undefined ? envPair() : undefined;
    if (pair) return pair;
    const filed = await readOssutilProfile(env, profile);
    const keys = filed && keysIn(filed);
    if (keys) return keys;
    if (!provider || options?.refresh) provider = await (filed && usesProvider(filed) ? providerOf(filed) : chain());
    try {
      return fromProvider(await provider.getCredentials());
    } catch (error) {
      // The chain would stay with whichever provider it tried last.
      provider = undefined;
      if (filed && usesProvider(filed)) {
        const words = error instanceof Error ? error.message : String(error);
        throw new Error(`the ${modeOf(filed)} of profile '${filed.name}' in ${filed.path} failed: ${words}`, {
          cause: error,
        });
      }
      // What each provider of the chain has to say fills a screen; it is kept as the cause.
      throw new Error('set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, or run "ossutil config".', { cause: error });
    }
  };
  return role === undefined ? find : withRole(find, role);
}

function withRole(find: CredentialsProvider, role: string): CredentialsProvider {
  let held: { source: Credentials; provider: Provider } | undefined;
  return async (options) => {
    const source = await find(options);
    if (held?.source.accessKeyId !== source.accessKeyId || options?.refresh) {
      held = { source, provider: await roleProvider(source, { roleArn: role, sessionName: 'object-ferry' }) };
    }
    return fromProvider(await held.provider.getCredentials());
  };
}

/** @throws GiveUp InvalidCredentials for half a pair. */
function keysIn(profile: OssutilProfile): Credentials | undefined {
  const { accesskeyid: id, accesskeysecret: secret, ststoken } = profile.settings;
  if (usesProvider(profile)) return undefined;
  if (id && secret) return plain(id, secret, ststoken);
  if (!id && !secret) return undefined;
  throw new GiveUp(
    'InvalidCredentials',
    `profile '${profile.name}' in ${profile.path} has ${id ? 'accessKeyID without accessKeySecret' : 'accessKeySecret without accessKeyID'}.`,
  );
}

function modeOf({ settings }: OssutilProfile): string {
  return settings['mode'] || 'AK';
}

function usesProvider(profile: OssutilProfile): boolean {
  return !/^(?:AK|StsToken)$/i.test(modeOf(profile));
}

/** @throws GiveUp InvalidCredentials for a mode that is not known here. */
async function providerOf(profile: OssutilProfile): Promise<Provider> {
  const { settings, name, path } = profile;
  const mode = modeOf(profile);
  if (/^EcsRamRole$/i.test(mode)) {
    const { ECSRAMRoleCredentialsProvider } = await import('@alicloud/credentials');
    return ECSRAMRoleCredentialsProvider.builder()
      .withRoleName(settings['ecsrolename'] ?? settings['rolename'] ?? '')
      .build();
  }
  const { accesskeyid: id, accesskeysecret: secret, ststoken } = settings;
  const roleArn = settings['ramrolearn'] ?? settings['rolearn'];
  if (/^RamRoleArn$/i.test(mode) && id && secret && roleArn) {
    const sessionName = settings['rolesessionname'] ?? settings['ramsessionname'] ?? 'object-ferry';
    return await roleProvider(plain(id, secret, ststoken), {
      roleArn,
      sessionName,
      externalId: settings['externalid'],
    });
  }
  throw new GiveUp(
    'InvalidCredentials',
    `profile '${name}' in ${path} has the mode ${mode}, which cannot be used; known are AK, StsToken, EcsRamRole, and RamRoleArn with a key pair and ramRoleArn.`,
  );
}

async function roleProvider(
  source: Credentials,
  { roleArn, sessionName, externalId }: { roleArn: string; sessionName: string; externalId?: string },
): Promise<Provider> {
  const { RAMRoleARNCredentialsProvider, StaticAKCredentialsProvider, StaticSTSCredentialsProvider } =
    await import('@alicloud/credentials');
  const { accessKeyId, secretAccessKey, sessionToken } = source;
  const keys = sessionToken
    ? StaticSTSCredentialsProvider.builder()
        .withAccessKeyId(accessKeyId)
        .withAccessKeySecret(secretAccessKey)
        .withSecurityToken(sessionToken)
        .build()
    : StaticAKCredentialsProvider.builder().withAccessKeyId(accessKeyId).withAccessKeySecret(secretAccessKey).build();
  const builder = RAMRoleARNCredentialsProvider.builder()
    .withCredentialsProvider(keys)
    .withRoleArn(roleArn)
    .withRoleSessionName(sessionName);
  const { ALIBABA_CLOUD_STS_ENDPOINT: endpoint } = process.env;
  if (externalId) builder.withExternalId(externalId);
  if (endpoint) builder.withStsEndpoint(endpoint);
  return builder.build();
}

async function chain(): Promise<Provider> {
  const { DefaultCredentialsProvider } = await import('@alicloud/credentials');
  return DefaultCredentialsProvider.builder().build();
}

function fromProvider(found: Awaited<ReturnType<Provider['getCredentials']>>): Credentials {
  const { accessKeyId, accessKeySecret, securityToken } = found;
  const credentials = plain(accessKeyId, accessKeySecret, securityToken);
  return securityToken ? { ...credentials, expiresAt: Date.now() + shortLife } : credentials;
}
