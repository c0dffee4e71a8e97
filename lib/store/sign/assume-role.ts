/** Keys of a role, from the security token service of AWS or of a store that has one. */
import type { AssumeRoleCommandInput } from '@aws-sdk/client-sts';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { Env } from '../../profiles/places.ts';
import type { Credentials } from './key-pair.ts';
import { sdkHandler } from './sdk-handler.ts';

export interface StsPlace {
  region?: string;
  /** Absent: that of AWS. */
  endpoint?: string;
  env: Env;
}

/** What the SDK's own provider of profiles takes for an answer. */
export interface RoleIdentity {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

/** @throws GiveUp InvalidCredentials when the answer holds no keys; what the SDK throws. */
export async function assumeRole(
  { accessKeyId, secretAccessKey, sessionToken }: Pick<Credentials, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>,
  params: AssumeRoleCommandInput,
  { region, endpoint, env }: StsPlace,
): Promise<RoleIdentity> {
  const client = new STSClient({
    region: region ?? env['AWS_REGION'] ?? 'us-east-1',
    endpoint,
    credentials: { accessKeyId, secretAccessKey, sessionToken },
    requestHandler: sdkHandler(env),
  });
  const { Credentials: keys } = await client.send(new AssumeRoleCommand(params));
  if (!keys?.AccessKeyId || !keys.SecretAccessKey) {
    throw new GiveUp('InvalidCredentials', `The token service gave no keys for the role ${params.RoleArn ?? ''}.`);
  }
  return {
    accessKeyId: keys.AccessKeyId,
    secretAccessKey: keys.SecretAccessKey,
    sessionToken: keys.SessionToken,
    expiration: keys.Expiration,
  };
}
