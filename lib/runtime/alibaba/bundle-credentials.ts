/**
 * Takes the place of both vendors' credential chains in the bundles for Function Compute: the runtime hands the keys of the
 * function's role to OSS itself, so what is left are keys for other stores, which stand in the environment.
 */

/** For `@aws-sdk/credential-provider-node`: a store that speaks S3, with keys of its own. */
export function defaultProvider({ profile }: { profile?: string } = {}) {
  return async () => {
    if (profile) throw new Error(`a cloud function has no profile '${profile}'; set the keys of the store instead.`);
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
    if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
      throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set.');
    }
    return { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY, sessionToken: AWS_SESSION_TOKEN };
  };
}

/** For `@alicloud/credentials`: an OSS store that names a profile or a role of its own. */
const missing = {
  builder: (): never => {
    throw new Error('an OSS store with a profile or role of its own cannot be used on Function Compute.');
  },
};
export const DefaultCredentialsProvider = missing;
export const ECSRAMRoleCredentialsProvider = missing;
export const RAMRoleARNCredentialsProvider = missing;
export const StaticAKCredentialsProvider = missing;
export const StaticSTSCredentialsProvider = missing;
