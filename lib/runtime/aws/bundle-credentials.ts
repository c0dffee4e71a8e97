/**
 * Takes the place of both vendors' credential chains in the function bundles: a Lambda function has its role's credentials in
 * the environment, so profiles, single sign-on and instance metadata would only make the bundles larger.
 */

/** For `@aws-sdk/credential-provider-node`. */
export function defaultProvider({ profile }: { profile?: string } = {}) {
  return async () => {
    if (profile) throw new Error(`a cloud function has no profile '${profile}'; name a role in the store instead.`);
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
    if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
      throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set.');
    }
    return {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      sessionToken: AWS_SESSION_TOKEN,
    };
  };
}

/** Stands in for `@alicloud/credentials`; its error names the variables to set. */
export const DefaultCredentialsProvider = {
  builder: () => ({
    build: () => ({
      getCredentials: async (): Promise<never> => {
        throw new Error('OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET are not set.');
      },
    }),
  }),
};

/** Other providers of that package, which a store with a role of OSS needs. */
const missing = {
  builder: (): never => {
    throw new Error('a role of OSS cannot be assumed in a function on AWS; give the function keys that need none.');
  },
};
export const ECSRAMRoleCredentialsProvider = missing;
export const RAMRoleARNCredentialsProvider = missing;
export const StaticAKCredentialsProvider = missing;
export const StaticSTSCredentialsProvider = missing;
