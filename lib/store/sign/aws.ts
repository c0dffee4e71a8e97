/** Credentials for S3, by the provider chain of the AWS SDK. */
import type { AssumeRoleCommandInput } from '@aws-sdk/client-sts';
import { awsFiles, awsProfileOfEnv, stsEndpoint } from '../../profiles/aws.ts';
import type { Credentials, CredentialsPlace, CredentialsProvider } from './key-pair.ts';
import { pairOf, plain } from './key-pair.ts';

interface AwsIdentity {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

type Chain = (options?: { forceRefresh?: boolean }) => Promise<AwsIdentity>;

/** The SDK warns on the console, where its words mix with ours, that a profile goes before keys in the environment. */
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

export function awsFinder(place: CredentialsPlace): CredentialsProvider {
  const find = finderWithoutRole(place);
  const { role } = place;
  if (role === undefined) return find;
  return async (options) => {
    const params = { RoleArn: role, RoleSessionName: 'object-ferry' };
    return fromIdentity(await assume(await find(options), params, place));
  };
}

async function assume(
  source: AwsIdentity,
  params: AssumeRoleCommandInput,
  place: CredentialsPlace,
): Promise<AwsIdentity> {
  const { assumeRole } = await import('./assume-role.ts');
  const { env, profile, region, endpoint } = place;
  return await assumeRole(source, params, { env, region, endpoint: (await stsEndpoint(env, profile)) ?? endpoint });
}

function finderWithoutRole(place: CredentialsPlace): CredentialsProvider {
  let chain: Chain | undefined;
  const { env } = place;
  const name = place.profile ?? awsProfileOfEnv(env)?.name;
  return async (options) => {
    // As in the chain, a named profile goes first. Read here, the usual case in a function needs no SDK.
    const pair =
      name === undefined ? pairOf(env, 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN') : undefined;
    if (pair) return pair;
    chain ??= await openChain(place, name);
    return fromIdentity(await chain({ forceRefresh: options?.refresh ?? false }));
  };
}

async function openChain(place: CredentialsPlace, profile: string | undefined): Promise<Chain> {
  const { env } = place;
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  const { sdkHandler } = await import('./sdk-handler.ts');
  return defaultProvider({
    ...awsFiles(env),
    profile,
    ignoreCache: true,
    logger: silent,
    clientConfig: { requestHandler: sdkHandler(env) },
    // The SDK would look for the endpoint in the profile of the environment, and send the keys of this one there. That the
    // store lies elsewhere says nothing of a role that the profile itself names.
    roleAssumer: (source, params) => assume(source, params, { ...place, endpoint: undefined }),
  });
}

function fromIdentity({ accessKeyId, secretAccessKey, sessionToken, expiration }: AwsIdentity): Credentials {
  const credentials = plain(accessKeyId, secretAccessKey, sessionToken);
  return expiration ? { ...credentials, expiresAt: expiration.getTime() } : credentials;
}
