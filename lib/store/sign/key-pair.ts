import { GiveUp } from '../../copy/model/errors.ts';
import type { Env } from '../../profiles/places.ts';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** Epoch milliseconds; absent for keys that do not expire. */
  expiresAt?: number;
}

/** Finds credentials. With `refresh` it must not answer from a cache: the store has refused what it gave before. */
export type CredentialsProvider = (options?: { refresh?: boolean }) => Promise<Credentials>;

/** Where to look, and whose keys are wanted. */
export interface CredentialsPlace {
  env: Env;
  /** A profile of the vendor's files; it goes before keys in the environment. */
  profile?: string;
  /** ARN of a role to assume with the keys that are found. */
  role?: string;
  /** Of the store; a role is assumed there. */
  region?: string;
  /** Of the store, where it is not Amazon's own: its keys are good there alone, and so is its token service. */
  endpoint?: string;
}

/** Credentials are renewed this long before they expire, so that none runs out under way. Milliseconds. */
export const margin = 300_000;

/**
 * A key pair of the environment; undefined when neither half is set.
 * @throws GiveUp InvalidCredentials for half a pair: the keys of another place would be used in silence.
 */
export function pairOf(env: Env, idName: string, secretName: string, tokenName: string): Credentials | undefined {
  const [id, secret] = [env[idName], env[secretName]];
  if (id && secret) return plain(id, secret, env[tokenName]);
  if (!id && !secret) return undefined;
  const [set, missing] = id ? [idName, secretName] : [secretName, idName];
  throw new GiveUp('InvalidCredentials', `${set} is set and ${missing} is not; set both, or neither.`);
}

export function plain(accessKeyId: string, secretAccessKey: string, sessionToken?: string): Credentials {
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}
